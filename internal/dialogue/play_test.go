package dialogue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// show is a screen after a while.
func show(after time.Duration, text string) frame { return frame{after: after, text: text} }

// fakes are the programs of the tests.
func fakes() map[string]func(string) []frame {
	return map[string]func(string) []frame{
		// login asks for a name, a password and then is a shell that knows exit.
		"login": func(in string) []frame {
			switch {
			case in == "":
				return []frame{show(55*ms, "login: ")}
			case strings.HasPrefix(in, "bob"):
				return []frame{show(25*ms, "login: bob\nPassword: ")}
			case in == "hunter2":
				return nil
			case in == "<Enter>":
				return []frame{show(300*ms, "login: bob\nPassword:\nWelcome, session 4711\n$ ")}
			case strings.HasPrefix(in, "exit"):
				return []frame{{after: 30 * ms, text: "$ exit\nlogout", ended: true, status: 3}}
			}
			return []frame{show(0, "login: "+in)}
		},
		// pager shows three pages.
		"pager": func() func(string) []frame {
			page := 0
			return func(string) []frame {
				page++
				if page > 3 {
					return []frame{{after: 10 * ms, text: "done", ended: true}}
				}
				return []frame{show(10*ms, fmt.Sprintf("page %d\n", page)+strings.Repeat("\n--More--", page))}
			}
		}(),
		// menu moves with every key.
		"menu": func() func(string) []frame {
			n := -1
			return func(string) []frame {
				n++
				return []frame{{text: fmt.Sprintf("  item\n> choice %d", n), title: "a menu"}}
			}
		}(),
		// mute says nothing at all; TERM ends it.
		"mute": func(in string) []frame {
			if in == "SIGTERM" {
				return []frame{{after: 10 * ms, ended: true, status: 143}}
			}
			return nil
		},
		"bash": func(in string) []frame {
			if in == "" {
				return []frame{show(5*ms, "> ")}
			}
			return []frame{show(5*ms, "> "+in+"\n> ")}
		},
	}
}

// runs are scripts and, in testdata/runs, all that can be seen of running them.
var runs = []struct {
	name, src string
	o         RunOptions
}{
	{name: "login", src: `
require ls
set timeout 5s
run --env A=b --size 40x6 login
mark "start"
wait text "login:"
line "bob"
wait line /Password:$/
secret $PW
press Enter
wait regex /session (?P<id>\d+)/
let id = match id
let all = match 0
echo "the $all is ${id}!"
expect cursor 4,3
expect not text "refused"
line "exit"
expect exit 3
screenshot last.svg
`},
	{name: "timeout", src: "run login\nwait text \"login:\"\ntype \"alice\"\n\twait regex /Password/   within 2s # never\n"},
	{name: "assert", src: "run --size 30x5 login\nwait text \"login:\"\nexpect text \"Password\"\n"},
	{name: "assert-not", src: "run --size 30x5 login\nwait text \"login:\"\nexpect not text \"login\"\n"},
	{name: "assert-within", src: "run --size 30x5 login\nexpect text \"login:\" within 1s\nexpect text \"x\" within 1s\n"},
	{name: "status", src: "run --size 30x5 login\nline \"exit\"\nwait exit 0\n"},
	{name: "ended", src: "run --size 30x5 login\nline \"exit\"\nwait text \"never\"\n"},
	{name: "not-started", src: "run nosuch\n"},
	{name: "required", src: "run mute\nrequire missing\n"},
	{name: "no-secret", src: "run mute\nsecret $NOTSET\n"},
	{name: "pager", src: `
run pager
select {
	on text "--More--" {
		press Space
		again
	}
	on exit echo "end"
	within 1s fail "stuck"
}
expect exit 0
`},
	{name: "select-late", src: "run mute\nselect {\n\ton text \"a\" press y\n\twithin 100ms echo \"late\"\n}\n"},
	{name: "select-fails", src: "run mute\nset timeout 3s\nselect {\n\ton text \"a\" press y\n\ton line /b/ title /c/ press y\n}\n"},
	{name: "select-upper", src: "run menu\nselect {\n\ton line /choice/ echo \"line\"\n\ton text \"item\" echo \"text\"\n}\nselect {\n\ton text \"nothing\" fail \"no\"\n\ton title /menu/ echo \"title\"\n\ton text \"item\" echo \"text\"\n}\n"},
	{name: "menu", src: "run menu\nrepeat 10 until text \"choice 3\" press Down\nexpect line /^> choice 3$/\nif not text \"choice 4\" {\n\tpress Enter\n} else {\n\tfail \"too far\"\n}\nif text \"choice 9\" within 200ms press x\nrepeat 2 {\n\tpress Up\n}\n"},
	{name: "menu-fails", src: "run menu\nrepeat 2 until text \"choice 9\" press Down\n"},
	{name: "two", src: "run --as one --size 20x3 menu\nrun mute\n@one press x\npress y\n@one expect text \"choice 1\"\nsignal TERM\nwait exit 143\n@one mark \"m\"\nrun menu\n@one expect text \"choice 9\"\n"},
	{name: "again-running", src: "run --size 20x3 menu\nrun menu\n"},
	{name: "typing", src: "run mute\nset typing 40ms\ntype \"añ👩‍🚀x\"\npress a b\npress --pace 1s Enter\ntype --pace 0s \"q\"\npress Enter\nset typing 40ms jitter 50%\ntype \"añ👩‍🚀x\"\nline \"z\"\nset typing 0s\npress x\npaste \"p\"\npress Return*2\n"},
	{name: "input", src: "run mute\npaste <notes.txt\nraw \"\\e[A\\xff\"\nmouse click --count 2 3,4\nmouse drag \"here\" to 5,6\neof\nresize 100x30\npaste <none.txt\n"},
	{name: "recording", src: "output demo.cast\noutput end.png\nhide\nshell --prompt \"> \"\nwait line />$/\nshow\nline \"ls\"\nscreenshot \"now.txt\"\nset env B=c\n"},
	{name: "golden", src: "run --size 20x4 menu\nexpect screen menu.txt mask /choice \\d/\npress x\nexpect screen menu.txt mask /choice \\d/\nexpect screen other.txt within 100ms\n"},
	{name: "golden-missing", src: "run --size 20x4 menu\nexpect screen missing.txt\n"},
	{name: "golden-update", src: "run --size 20x4 menu\nexpect screen menu.txt mask /choice \\d/\nexpect screen missing.txt within 1s\nexpect screen missing.txt\n", o: RunOptions{Update: true}},
	{name: "endless", src: "run mute\nrepeat 100000 {\n\tpress x\n}\n", o: RunOptions{MaxSteps: 7}},
	{name: "branch-not-taken", src: "run mute\nif text \"a\" let x = \"1\"\necho \"$x\"\n"},
	{name: "branch-no-program", src: "run mute\nif text \"a\" run --as two menu\n@two press x\n"},
	{name: "no-group", src: "run menu\nwait regex /item/\nlet x = match 2\n"},
	{name: "wait-prompt", src: "run login\nwait text \"login:\"\nline \"bob\"\npress Enter\nwait prompt\nwait settled 1s\nwait text \"nothing\" within 100ms\n"},
	{name: "vars", src: "let a = env HOME\nlet b = env NONE or \"else\"\nlet c = \"$a and $b\"\necho $c\n"},
	{name: "recording-fails", src: "output /nowhere/a.cast\noutput b.cast\nrun --as one mute\nrun menu\nfail \"x\"\n"},
	{name: "recording-of-one", src: "output /nowhere/a.cast\noutput b.cast\nrun --as one mute\nrun --as two menu\n"},
	{name: "no-environment", src: "let a = env NOTHERE\nrun mute\nsecret $EMPTY\nif text \"x\" {\n\tlet b = env OTHER\n\tlet c = env NOTHERE or \"x\"\n\tsecret $NOTHERE\n}\n"},
	{name: "empty-secret", src: "run mute\nsecret $EMPTY\n"},
	{name: "output-fails", src: "output /nowhere/a.txt\nrun mute\n"},
	{name: "include", src: "run mute\ninclude sub/steps.sluice\n"},
	{name: "wrote-to-dead", src: "run --size 20x3 login\nline \"exit\"\nwait exit\npress x\n"},
}

func TestPlay(t *testing.T) {
	for _, c := range runs {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := files{"dir/sub/steps.sluice": "press x\nexpect text \"nothing\"\n"}
				s, err := Parse("dir/s.sluice", []byte(c.src), ParseOptions{Open: open.open})
				if err != nil {
					t.Fatal(err)
				}
				h := &fakeHost{react: fakes(), env: map[string]string{"PW": "hunter2", "HOME": "/root", "EMPTY": ""}, files: files{
					"dir/menu.txt": "  item\n> ********\n", "dir/other.txt": "  item\n> choice 0\nmore\n", "dir/notes.txt": "two\nlines\n",
				}}
				var events strings.Builder
				c.o.Events = func(e Event) {
					fmt.Fprintf(&events, "%d %d %s:%d %s%s\n", e.Kind, e.Depth, e.Took, e.Command.At.Line, e.Command, e.Text)
				}
				report, err := Play(t.Context(), s, h, c.o)
				var b strings.Builder
				b.WriteString(strings.TrimPrefix(c.src, "\n") + "--- the host saw\n" + strings.Join(h.log, "\n") + "\n--- the report\n")
				report.WriteTo(&b)
				fmt.Fprintf(&b, "%s in all; programs:", report.Took)
				for _, e := range report.Ends {
					fmt.Fprintf(&b, " %+v", e)
				}
				b.WriteString("\n")
				if err != nil {
					f, ok := errors.AsType[*Failure](err)
					if !ok || f != report.Failure {
						t.Fatalf("%T: %v", err, err)
					}
					fmt.Fprintf(&b, "--- %s\n%s", f.Class, f.Explain())
				}
				golden(t, "runs/"+c.name+".txt", b.String())
				for _, e := range h.ends {
					if !e.closed {
						t.Error("a program was left behind")
					}
				}
				begun, over := strings.Count("\n"+events.String(), "\n0 "), strings.Count("\n"+events.String(), "\n1 ")+strings.Count("\n"+events.String(), "\n2 ")
				if begun != over || begun != len(report.Steps) && c.name != "endless" {
					t.Errorf("%d begun, %d over, %d in the report:\n%s", begun, over, len(report.Steps), events.String())
				}
				if c.name == "login" && strings.Contains(events.String()+b.String(), "hunter2") != strings.Contains(strings.Join(h.log, ""), "hunter2") {
					t.Error("the secret is shown")
				}
			})
		})
	}
}

// Who runs a script may end it: in a wait, in a select, between steps.
func TestPlayStopped(t *testing.T) {
	for _, src := range []string{"run mute\nwait text \"a\" within forever\n", "run mute\nselect {\non text \"a\" press x\non line /b/ press x\nwithin 1h\n}\n", "run mute\nsleep 1h\n", "run mute\nwait line /a/ within 1h\n", "run mute\nexpect screen menu.txt within 1h\n"} {
		synctest.Test(t, func(t *testing.T) {
			s, err := Parse("s", []byte(src), ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("somebody pressed ^C")
			time.AfterFunc(time.Minute, func() { cancel(cause) })
			h := &fakeHost{react: fakes(), files: files{"menu.txt": "x\n"}}
			report, err := Play(ctx, s, h, RunOptions{})
			f, ok := errors.AsType[*Failure](err)
			if !ok || f.Class != Stopped || !errors.Is(err, cause) {
				t.Errorf("%q: %v", src, err)
			}
			if report.Took != time.Minute {
				t.Errorf("%q took %s", src, report.Took)
			}
			if !h.ends[0].closed {
				t.Errorf("%q left its program behind", src)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	open := files{"inc.sluice": "sleep 1s\nwait prompt\n"}
	s, err := Parse("s.sluice", []byte(`shell
wait prompt
set timeout 3s
set size 100x30
set typing 40ms
include inc.sluice
line "ls"
if text "a" within 1s {
	press --pace 0s y
} else {
	secret $PW
}
select {
	on exit again
}
run --as b vim
expect exit 0
wait exit within forever
`), ParseOptions{Open: open.open})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WritePlan(&b, s, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.txt", b.String())
}
