//go:build linux

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

// fakeAgent answers for a run and keeps what it was asked.
type fakeAgent struct {
	mu     sync.Mutex
	asked  []api.Request
	answer func(api.Request) api.Response
}

func (f *fakeAgent) Do(req api.Request, _ []*os.File, _ <-chan struct{}) api.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	if req.Op != api.OpStatus {
		f.asked = append(f.asked, req)
	}
	if f.answer == nil {
		return api.Response{}
	}
	return f.answer(req)
}

func (f *fakeAgent) Stream(_ api.Request, conn net.Conn) { conn.Close() }

// answers sets what is answered from now on.
func (f *fakeAgent) answers(with func(api.Request) api.Response) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = with
}

// requests are what came since the last call.
func (f *fakeAgent) requests() []api.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.asked
	f.asked = nil
	return all
}

// fakeRun makes a place of its own with a run that goes on, whose agent is fake.
func fakeRun(t *testing.T, name string, workers int, terminals bool) (*runs.Record, *fakeAgent) {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("SLUICE_RUN", "")
	id, dir, err := runs.Create(name, "")
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "sl") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	f := &fakeAgent{}
	path, err := api.SocketPath(sockets, id)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := api.Listen(path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	me, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	rec := &runs.Record{Version: 1, ID: id, Name: name, Dir: dir, State: runs.Running, Started: time.Now(), Agent: &me, Socket: srv.Path()}
	rec.Spec.Workers, rec.Spec.Command = workers, []string{"prog"}
	if terminals {
		rec.Spec.Pty = &job.Pty{}
	}
	for i := range workers {
		rec.Workers = append(rec.Workers, runs.Worker{Outcome: job.Outcome{Rank: i, LocalRank: i, Kind: job.KindRunning, PID: 100 + i}, Dir: runs.WorkerDir(0, i)})
	}
	if err := rec.Save(); err != nil {
		t.Fatal(err)
	}
	return rec, f
}

// sluiceWith runs a command line with an input.
func sluiceWith(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	in, err := os.Open(writeTemp(t, stdin))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	was := os.Stdin
	os.Stdin = in
	defer func() { os.Stdin = was }()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	root := newRoot(a)
	root.SetArgs(args)
	status = a.explain(root.Execute())
	return out.String(), errs.String(), status
}

func writeTemp(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// What a command line sends.
func TestInputs(t *testing.T) {
	rec, agent := fakeRun(t, "edit", 1, true)
	t.Setenv("PASSWORD", "s3cret")
	file := writeTemp(t, "from a file\r\n")
	ms := func(n int) job.Duration { return job.Duration(time.Duration(n) * time.Millisecond) }
	text := func(s string) session.Step { return session.Step{Text: s} }
	press := func(names ...string) session.Step { return session.Step{Keys: names} }
	mouse := func(m session.Mouse) []session.Step { return []session.Step{{Mouse: &m}} }
	for _, c := range []struct {
		stdin string
		args  []string
		want  session.Input
	}{
		{args: []string{"type", "edit", "a <Esc>", `b\n`}, want: session.Input{Steps: []session.Step{text(`a <Esc> b\n`)}}},
		{args: []string{"type", "edit", "-", "--enter"}, want: session.Input{Steps: []session.Step{text("-"), press("Enter")}}},
		{args: []string{"type", "edit", "--enter", "--", "ls", "-la", "--secret"}, want: session.Input{Steps: []session.Step{text("ls -la --secret"), press("Enter")}}},
		{args: []string{"type", "edit", "--enter"}, want: session.Input{Steps: []session.Step{press("Enter")}}},
		{args: []string{"type", "edit/0", "-e", "ihi<lt><Esc><C-x>:wq<Enter>", "--exclusive"},
			want: session.Input{Exclusive: true, Steps: []session.Step{text("ihi<"), press("Escape", "Ctrl+X"), text(":wq"), press("Enter")}}},
		{args: []string{"type", "edit", "--pace", "50ms", "ab", "--timeout", "2s"},
			want: session.Input{Timeout: ms(2100), Steps: []session.Step{{Text: "ab", Pace: ms(50)}}}},
		{args: []string{"type", "edit", "x", "--timeout", "forever"}, want: session.Input{Timeout: -1, Steps: []session.Step{text("x")}}},
		{stdin: "pass word\n", args: []string{"type", "edit", "--secret", "--enter"}, want: session.Input{Secret: true, Steps: []session.Step{text("pass word"), press("Enter")}}},
		{args: []string{"type", "edit", "--secret-env", "PASSWORD"}, want: session.Input{Secret: true, Steps: []session.Step{text("s3cret")}}},
		{args: []string{"type", "edit", "--secret-file", file}, want: session.Input{Secret: true, Steps: []session.Step{text("from a file")}}},
		{args: []string{"press", "edit", "Ctrl+X m", "Down*3"}, want: session.Input{Steps: []session.Step{press("Ctrl+X m", "Down*3")}}},
		{args: []string{"press", "edit", "Up", "Up", "--delay", "1s", "--approximate"},
			want: session.Input{Approximate: true, Timeout: ms(12000), Steps: []session.Step{{Keys: []string{"Up", "Up"}, Pace: ms(1000)}}}},
		{stdin: "a\nb", args: []string{"paste", "edit"}, want: session.Input{Steps: []session.Step{{Paste: []byte("a\nb")}}}},
		{args: []string{"paste", "edit", file}, want: session.Input{Steps: []session.Step{{Paste: []byte("from a file\r\n")}}}},
		{args: []string{"eof", "edit"}, want: session.Input{Steps: []session.Step{{EOF: true}}}},
		{args: []string{"mouse", "edit", "click", "3,4"}, want: session.Input{Steps: mouse(session.Mouse{Action: "click", X: 3, Y: 4})}},
		{args: []string{"mouse", "edit", "click", "OK, go", "--button", "Right", "--mods", "ctrl,shift"},
			want: session.Input{Steps: mouse(session.Mouse{Action: "click", Button: "right", On: "OK, go", Mods: []string{"Ctrl", "Shift"}})}},
		{args: []string{"mouse", "edit", "drag", "file", "9,2"}, want: session.Input{Steps: mouse(session.Mouse{Action: "drag", On: "file", ToX: 9, ToY: 2})}},
		// Whether it is on the screen, the session says.
		{args: []string{"mouse", "edit", "drag", "0,-3", "99999999999999999999,1"}, want: session.Input{Steps: mouse(session.Mouse{Action: "drag", Y: -3, ToX: math.MaxInt32, ToY: 1})}},
		{args: []string{"mouse", "edit", "scroll-down", "5"}, want: session.Input{Steps: mouse(session.Mouse{Action: "scroll-down", X: 1, Y: 1, Count: 5})}},
		{args: []string{"mouse", "edit", "scroll-up", "list"}, want: session.Input{Steps: mouse(session.Mouse{Action: "scroll-up", X: 1, Y: 1, On: "list"})}},
	} {
		_, stderr, status := sluiceWith(t, c.stdin, c.args...)
		if status != 0 || stderr != "" {
			t.Errorf("%q: status %d, %s", c.args, status, stderr)
			continue
		}
		c.want.Source = fmt.Sprintf("%s@%d", c.args[0], os.Getpid())
		if c.want.Timeout == 0 {
			c.want.Timeout = job.Duration(sendTime)
		}
		got := agent.requests()
		if len(got) != 1 || got[0].Op != api.OpInput || got[0].Input == nil || got[0].Rank != 0 {
			t.Errorf("%q: %+v", c.args, got)
		} else if diff := cmp.Diff(c.want, *got[0].Input); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", c.args, diff)
		}
	}
	if _, _, status := sluiceWith(t, "", "resize", rec.ID, "120x40"); status != 0 {
		t.Errorf("resize: %d", status)
	}
	if got := agent.requests(); len(got) != 1 || got[0].Op != api.OpResize || got[0].Size == nil || got[0].Size.String() != "120x40" {
		t.Errorf("resize: %+v", got)
	}
}

// What is wrong with a command line is told before anything is sent.
func TestTerminalUsage(t *testing.T) {
	_, agent := fakeRun(t, "edit", 2, true)
	for args, want := range map[string]string{
		"type edit":                            "there is no TEXT",
		"type edit ls -la":                     "comes after --",
		"type edit x --secret":                 "a secret is not given as an argument",
		"type edit --secret":                   "the secret from standard input is empty",
		"type edit --secret-env NO_SUCH":       "the variable NO_SUCH is not set",
		"type edit --secret-file /nowhere":     "--secret-file",
		"type edit --secret --secret-env HOME": "a secret comes from one place",
		"type edit --secret-env HOME --expand": "--expand does not go with a secret",
		"type edit --expand a<Entr>":           "for the character < write <lt>",
		"type edit --pace forever x":           "--pace",
		"type edit/7 x":                        "has no such rank",
		"type edit/x x":                        "write RUN/RANKS",
		"type other x":                         "no run has this id",
		"press edit Entr":                      "did you mean Enter?",
		"press edit":                           "at least one KEY",
		"paste edit":                           "there is nothing to paste",
		"paste edit /nowhere":                  "no such file",
		"mouse edit clikc 1,1":                 "did you mean click?",
		"mouse edit click":                     "takes 1 WHERE, not 0",
		"mouse edit drag 1,1":                  "takes 2 WHERE, not 1",
		"mouse edit drag 1,1 there":            "no COLUMN,ROW",
		"mouse edit scroll-up 0":               "not a number of steps",
		"mouse edit click 1,1 --button tail":   "--button",
		"mouse edit click 1,1 --mods Hyper":    "--mods",
		"mouse edit/all click 1,1":             "names 2 ranks, and one is needed, as in edit-",
		"resize edit 120":                      "want COLUMNSxROWS",
		"resize edit 0x5":                      "from 1 to 65535",
		"screen edit --text --ansi":            "only one form",
		"screen edit --svg - --png -":          "only one form",
		"screen edit --theme no":               "--theme",
		"screen edit --scale 0":                "--scale",
		"screen edit --font /nowhere":          "--font",
		"attach edit --detach-key Entr":        "--detach-key: unknown key",
		"attach edit --keymap /nowhere":        "--keymap",
		"attach edit --scrollback -1":          "--scrollback",
		"wait edit --cursor 0,1":               "--cursor",
		"wait edit --cursor *,*":               "--cursor",
		"wait edit --regex (":                  "--regex",
		"wait edit --text=":                    "nothing to wait for",
		"wait edit --port 70000":               "--port",
		"wait edit --since-input":              "goes with a condition",
		"shell-init bahs":                      "did you mean bash?",
		"screen self":                          "SLUICE_RUN is not set",
		"expect /nowhere":                      "reading the script",
		"sessions nothing":                     "no run has this id",
	} {
		stdout, stderr, status := sluiceWith(t, "", strings.Fields(args)...)
		if status != job.StatusUsage || !strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("%s: status %d, %q %q", args, status, stdout, stderr)
		}
	}
	if got := agent.requests(); len(got) != 0 {
		t.Errorf("something was asked: %+v", got)
	}
}

// Of several ranks each gets it, and each says what was wrong.
func TestSeveralRanks(t *testing.T) {
	_, agent := fakeRun(t, "many", 3, true)
	if _, stderr, status := sluiceWith(t, "", "press", "many", "Enter"); status != 0 || !strings.Contains(stderr, "rank 0 of 3 (another one is named as in many-") {
		t.Errorf("status %d, %q", status, stderr)
	}
	if got := agent.requests(); len(got) != 1 || got[0].Rank != 0 {
		t.Errorf("%+v", got)
	}
	agent.answers(func(req api.Request) api.Response {
		switch req.Rank {
		case 1:
			return api.Response{Usage: &job.UsageError{Field: "INPUT", Why: "it reads no keys"}}
		case 2:
			return api.Response{Error: "broken"}
		}
		return api.Response{}
	})
	_, stderr, status := sluiceWith(t, "", "press", "many/all", "Enter")
	if want := "sluice: rank 1: it reads no keys\nsluice: rank 2: broken\n"; status != job.StatusInternal || stderr != want {
		t.Errorf("status %d, %q", status, stderr)
	}
	if got := agent.requests(); len(got) != 3 {
		t.Errorf("%+v", got)
	}
	_, stderr, status = sluiceWith(t, "", "press", "many/1", "Enter")
	if status != job.StatusUsage || stderr != "sluice: it reads no keys\n" {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// A run on pipes has no screens, and its FIFO's end is what it was.
func TestNoTerminal(t *testing.T) {
	rec, agent := fakeRun(t, "pipes", 1, false)
	for _, args := range [][]string{{"type", "pipes", "x"}, {"screen", "pipes"}, {"attach", "pipes"}, {"wait", "pipes", "--text", "x"}, {"sessions", "pipes"}} {
		if _, stderr, status := sluiceWith(t, "", args...); status != job.StatusUsage || !strings.Contains(stderr, "its workers have no terminals") {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
	if got := agent.requests(); len(got) != 0 {
		t.Errorf("something was asked: %+v", got)
	}
	if _, stderr, status := sluiceWith(t, "", "eof", rec.ID); status != 0 {
		t.Errorf("eof: %d, %s", status, stderr)
	}
	if got := agent.requests(); len(got) != 1 || got[0].Op != api.OpEOF {
		t.Errorf("eof: %+v", got)
	}
	if out, stderr, status := sluiceWith(t, "", "sessions"); status != 0 || out != "" || !strings.Contains(stderr, "no terminals yet") {
		t.Errorf("sessions: %d, %s%s", status, out, stderr)
	}
}

// shown is an agent's answer with a screen.
func shown(text string, st session.State) *api.Screen {
	t := vt.New(20, 5, vt.Options{})
	io.WriteString(t, text)
	st.Cols, st.Rows = 20, 5
	return &api.Screen{Cols: 20, Rows: 5, Dump: t.Dump(), State: st}
}

func TestScreenForms(t *testing.T) {
	rec, agent := fakeRun(t, "edit", 1, true)
	agent.answers(func(api.Request) api.Response {
		return api.Response{Screen: shown("\x1b]2;the title\a\x1b[31mred\x1b[m <b>\r\nnext", session.State{Offset: 42, Foreground: session.Foreground{Group: 7, Command: "vim"}})}
	})
	dir := t.TempDir()
	for args, want := range map[string]string{
		"":                           "red <b>\nnext\n",
		"--text":                     "red <b>\nnext\n",
		"--ansi":                     "\x1b[31mred\x1b[m <b>\nnext\n",
		"--svg -":                    "<svg",
		"--html -":                   "&lt;b&gt;",
		"--png -":                    "\x89PNG\r\n",
		"--png " + dir + "/a.png":    "",
		"--text --svg " + dir + "/b": "next\n",
	} {
		out, stderr, status := sluiceWith(t, "", append([]string{"screen", "edit"}, strings.Fields(args)...)...)
		if status != 0 || stderr != "" || !strings.Contains(out, want) || want == "" && out != "" {
			t.Errorf("%s: status %d, %q, %s", args, status, clip(out, 300), stderr)
		}
	}
	for file, want := range map[string]string{"a.png": "\x89PNG", "b": "<svg"} {
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %v, %q", file, err, clip(string(b), 100))
		}
	}
	out, _, _ := sluiceWith(t, "", "screen", "edit", "--json")
	var got struct {
		Run, Hash string
		Rank      int
		State     session.State
		Screen    struct {
			Cols  int
			Title string
			Lines []struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got.Run != rec.ID || got.State.Offset != 42 || got.State.Foreground.Command != "vim" || got.Screen.Cols != 20 || got.Screen.Title != "the title" ||
		len(got.Screen.Lines) != 5 || got.Screen.Lines[1].Text != "next" {
		t.Errorf("%+v", got)
	}
	if out, _, _ := sluiceWith(t, "", "screen", "edit", "--hash"); out != got.Hash+"\n" || got.Hash == "" {
		t.Errorf("hash %q, in the JSON %q", out, got.Hash)
	}
}

func TestWaitRequests(t *testing.T) {
	_, agent := fakeRun(t, "edit", 1, true)
	here, err := filepath.Abs("there")
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]session.Condition{
		"--text hello":               {Text: "hello"},
		"--regex ^a+$ --timeout 3s":  {Regexp: "^a+$", Timeout: job.Duration(3 * time.Second)},
		"--gone x --settled 250ms":   {Gone: "x", Settled: job.Duration(250 * time.Millisecond)},
		"--cursor 3,*":               {Row: 3},
		"--cursor 3,14 --title ^vim": {Row: 3, Col: 14, Title: "^vim"},
		"--prompt --since-input":     {Prompt: true, SinceInput: true},
		"--exit --timeout forever":   {Exit: true, Timeout: -1},
		"--file there --port 80":     {File: here, Port: 80},
		"--text now --timeout 0":     {Text: "now", Timeout: 1},
	} {
		_, stderr, status := sluiceWith(t, "", append([]string{"wait", "edit"}, strings.Fields(args)...)...)
		got := agent.requests()
		if status != 0 || len(got) != 1 || got[0].Op != api.OpAwait {
			t.Errorf("%s: status %d, %s, %+v", args, status, stderr, got)
		} else if diff := cmp.Diff(want, *got[0].Await); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", args, diff)
		}
	}
	agent.answers(func(api.Request) api.Response {
		return api.Response{Screen: shown("one\r\ntwo", session.State{}), NotMet: &session.NotMetError{What: `the text "three"`, After: time.Second}}
	})
	out, stderr, status := sluiceWith(t, "", "wait", "edit", "--text", "three")
	if status != job.StatusNotMet || out != "" || !strings.Contains(stderr, `waited 1s for the text "three"`) ||
		!strings.Contains(stderr, "     1 | one\n     2 | two\n       |    ^\n") {
		t.Errorf("status %d, %q, %s", status, out, stderr)
	}
	if out, stderr, status := sluiceWith(t, "", "wait", "edit", "--text", "three", "-q"); status != job.StatusNotMet || out+stderr != "" {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
}

func TestSessions(t *testing.T) {
	rec, agent := fakeRun(t, "edit", 2, true)
	agent.answers(func(req api.Request) api.Response {
		if req.Op != api.OpScreen || !req.Brief {
			return api.Response{Error: "not asked for"}
		}
		return api.Response{Screen: shown("", session.State{
			Title: "notes", Foreground: session.Foreground{Group: 9, Command: "vim"}, Stopped: req.Rank == 1,
			Clients: []session.Client{{ID: 1}, {ID: 2, ReadOnly: true}},
		})}
	})
	out, stderr, status := sluiceWith(t, "", "sessions")
	lines := strings.Split(out, "\n")
	if status != 0 || len(lines) != 4 || stderr != "" {
		t.Fatalf("status %d, %s%s", status, out, stderr)
	}
	for i, want := range []string{
		"SESSION STATE PID UPTIME SIZE ATTACHED FOREGROUND COMMAND",
		rec.ID + "/0 running 100 ? 20x5 1+1r vim prog \"notes\"",
		rec.ID + "/1 stopped 101 ? 20x5 1+1r vim prog \"notes\"",
	} {
		got := strings.Fields(lines[i])
		if i > 0 && len(got) > 3 {
			got[3] = "?"
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	out, _, _ = sluiceWith(t, "", "sessions", "--json")
	var rows []sessionRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 2 || rows[1].State == nil || !rows[1].State.Stopped || rows[0].Title != "notes" {
		t.Errorf("%v\n%s", err, out)
	}
}
