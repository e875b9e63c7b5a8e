package dialogue

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// files is an Open on names and contents.
type files map[string]string

func (f files) open(name string) ([]byte, error) {
	s, ok := f[name]
	if !ok {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	return []byte(s), nil
}

var update = os.Getenv("UPDATE_GOLDEN") != ""

// golden compares with a file in testdata, or writes it with UPDATE_GOLDEN=1.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, d)
	}
}

func mustParse(t *testing.T, src string) *Script {
	t.Helper()
	s, err := Parse("s.sluice", []byte(src), ParseOptions{Open: files{"inc.sluice": "echo \"in\"\n"}.open, Vars: []string{"v"}})
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, src)
	}
	return s
}

// What is left is what is read, in canonical form on the right.
func TestFormat(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`run vim notes.txt`, ""},
		{`run   --size=100x30 --env "A=b c"  'vim' "x y"  # why`, `run --size 100x30 --env "A=b c" vim "x y" # why`},
		{`run -- --odd --size`, `run "--odd" --size`},
		{`run --as db --cwd /var psql`, ""},
		{`run sh -c 'echo $HOME'`, `run sh -c "echo \$HOME"`},
		{`run echo {`, `run echo "{"`},
		{`shell`, "shell bash"},
		{`shell --prompt '> ' zsh`, `shell --prompt "> " zsh`},
		{"P\ntype hello", "P\ntype \"hello\""},
		{"P\ntype 'a\"b\\n'", "P\ntype \"a\\\"b\\\\n\""},
		{"P\ntype \"tab\\tesc\\e\\u{1F600}é\\u{a0}$5 costs $\"", "P\ntype \"tab\\tesc\\e😀é\\u{a0}$5 costs $\""},
		{"P\ntype \"x${v}y $v\"'$v'", "P\ntype \"x${v}y $v\\$v\""},
		{"P\ntype --pace 40ms \"x\"", ""},
		{"P\nline \"ls -l\"", ""},
		{"P\npress ctrl+c Down*3 'Ctrl+X m' '#' '\"'", "P\npress ctrl+c Down*3 \"Ctrl+X m\" \"#\" \"\\\"\""},
		{"P\npress --pace 1s Ctrl+\\", "P\npress --pace 1s \"Ctrl+\\\\\""},
		{"P\npaste <notes.txt", ""},
		{"P\npaste < \"my notes.txt\"", "P\npaste <\"my notes.txt\""},
		{"P\nraw \"\\xff\\x1b[A\"", "P\nraw \"\\xff\\e[A\""},
		{"P\nsecret ${PW}", "P\nsecret $PW"},
		{"P\nmouse click --mods ctrl+SHIFT --count 2 10,5", "P\nmouse click --mods Ctrl+Shift --count 2 10,5"},
		{"P\nmouse drag \"here\" to 3,4", ""},
		{"P\nresize 120x40\neof\nsignal sigterm", "P\nresize 120x40\neof\nsignal TERM"},
		{"P\nwait within 5s settled 0.25s text \"a\" gone b", "P\nwait text \"a\" gone \"b\" settled 250ms within 5s"},
		{"P\nwait regex /a\\/b\\\\/i within forever", "P\nwait regex /(?i)a\\/b\\\\/ within forever"},
		{"P\nwait regex 'a/b'", "P\nwait regex /a\\/b/"},
		{"P\nwait cursor *,3 title /vim/ port 80 file \"a b\"", "P\nwait cursor *,3 title /vim/ file \"a b\" port 80"},
		{"P\nwait new text \"x\"\nwait prompt\nwait exit\nwait exit 3 within 2m", ""},
		{"P\nexpect not text \"x\"\nexpect exit 0\nexpect line /> $/", ""},
		{"P\nexpect screen g.txt mask /\\d+/ within 90s mask '[a-z]'", "P\nexpect screen g.txt mask /\\d+/ mask /[a-z]/ within 1m30s"},
		{"sleep 1h\nset timeout forever\nset typing 40ms jitter 30%\nset size 90x20\nset env A=b", ""},
		{"hide\nshow\noutput demo.cast\nrequire vim git\necho hi", "hide\nshow\noutput demo.cast\nrequire vim git\necho \"hi\""},
		{"P\nscreenshot a.png\nmark \"two words\"\nfail x", "P\nscreenshot a.png\nmark \"two words\"\nfail \"x\""},
		{"include inc.sluice # more", ""},
		{"P\nif text \"a\" press y", ""},
		{"P\nif not exit { # head\n\tpress y # key\n\t# tail\n} else { # other\n} # after", ""},
		{"P\nrepeat 3 {\n\tpress x\n\n\n\n\t# about y\n\tpress y\n}", "P\nrepeat 3 {\n\tpress x\n\n\t# about y\n\tpress y\n}"},
		{"P\nrepeat 3 until text \"a\" press x", ""},
		{"P\nselect {\n\t# first\n\ton text \"a\" {\n\t\tagain\n\t}\n\ton new regex /b/ exit press x\n\twithin 5s fail \"late\"\n}", "P\nselect {\n\t# first\n\ton text \"a\" {\n\t\tagain\n\t}\n\ton new regex /b/ exit press x\n\twithin 5s fail \"late\"\n}"},
		{"P\nselect {\non exit if text \"q\" repeat 2 {\npress x\n}\nwithin 5s\n}", "P\nselect {\n\ton exit if text \"q\" repeat 2 {\n\t\tpress x\n\t}\n\twithin 5s\n}"},
		{"P\nwait regex /(?P<n>a)/\nlet x = match n\nlet y = env HOME or \"/\"\nlet z = \"a${x}b\"\necho $z$y", "P\nwait regex /(?P<n>a)/\nlet x = match n\nlet y = env HOME or \"/\"\nlet z = \"a${x}b\"\necho \"$z$y\""},
		{"run --as a x\n@a type \"q\"\n@a expect exit 0", ""},
		{"\ufeff\n\n# top\r\n\r\nsleep 1s\r\n\n\n# end\n\n", "# top\n\nsleep 1s\n\n# end"},
	} {
		src := strings.Replace(c.src, "P\n", "run p\n", 1)
		want := strings.Replace(c.want, "P\n", "run p\n", 1)
		if want == "" {
			want = src
		}
		got := Format(mustParse(t, src))
		if got != want+"\n" {
			t.Errorf("Format of\n%s\nis\n%s\nwant\n%s", src, got, want)
		}
		if again := Format(mustParse(t, got)); again != got {
			t.Errorf("Format is not stable:\n%s\nbecomes\n%s", got, again)
		}
	}
}

// sameScript compares two scripts without the places.
func sameScript(a, b *Script) string {
	return cmp.Diff(a.Body, b.Body, cmpopts.IgnoreTypes(Place{}), cmpopts.EquateEmpty())
}

func TestErrors(t *testing.T) {
	var b strings.Builder
	for _, src := range []string{
		"pres Enter",
		"press Enter",
		"run vim\npress Entr",
		"run vim\npress Enter \"Ctrl+Foo\"",
		"run vim\n\ttype hello world",
		"run vim\ntype \"hello",
		"run vim\ntype 'hello",
		"run vim\ntype \"a\\qb\"",
		"run vim\ntype \"\\xg0\"",
		"run vim\ntype \"\\u{d800}\"",
		"run vim\ntype \"\\xff\"",
		"run vim\ntype \"日本 $nope\"",
		"let name = \"x\"\necho $nmae",
		"echo ${x",
		"run vim\nwait txt \"a\"",
		"run vim\nwait \"a\"",
		"run vim\nwait",
		"run vim\nwait text \"a\" text \"b\"",
		"run vim\nwait text \"a\" within 5",
		"run vim\nwait text \"a\" within soon",
		"run vim\nwait regex /a(/",
		"run vim\nwait regex /a",
		"run vim\nwait regex /a/b/",
		"run vim\nwait regex //",
		"run vim\nwait settled 0s",
		"run vim\nwait cursor 0,1",
		"run vim\nwait port 99999",
		"run vim\nwait new exit",
		"run vim\nwait text \"a\" xyz",
		"run vim\nexpect not text \"a\" gone \"b\"",
		"run vim\nexpect not text \"a\" within 5s",
		"run vim\nexpect not exit 0",
		"run --sise 80x24 vim",
		"run --size 80 vim",
		"run --env KV vim",
		"run --as 9 vim",
		"run --size",
		"run",
		"shell bahs",
		"run --as server x\npress q",
		"run --as server x\n@sever press q",
		"run --as server x\n@server sleep 1s",
		"run x\nsecret hunter2",
		"run x\nsignal TREM",
		"run x\nscreenshot a.gif",
		"output demo.mp4",
		"output demo",
		"set tiemout 5s",
		"set timeout 0s",
		"set typing 40ms jitter 300%",
		"run x\nmouse clik 1,2",
		"run x\nmouse click here",
		"run x\nmouse click --button lft 1,2",
		"run x\nmouse drag 1,2",
		"run x\nif text \"a\" {\n\tpress y\n",
		"run x\nif text \"a\" { press y }",
		"run x\nif text \"a\" {\n} else press y",
		"else {",
		"}",
		"run x\nrepeat many press y",
		"run x\nselect {\n\tpress y\n}",
		"run x\nselect {\n}",
		"run x\nselect {\n\ton exit again\n\twithin 1s\n\twithin 2s\n}",
		"on text \"a\" press y",
		"run x\nagain",
		"run --as y x\n@y select {\n\t@y on exit press x\n}",
		"run --as y x\nrepeat 3 until exit sleep 1s",
		"let 1x = \"a\"",
		"let x \"a\"",
		"let x = match 1",
		"run x\nwait regex /a/\nlet x = match 01",
		"include loop.sluice",
		"include nothere.sluice",
		"include bad.sluice",
		"include a.tape",
		"run x\npress x $v",
		"run x\neof now",
		"run x\neof {",
		"sleep -1s",
		"\"text\"",
		"run x\ntype a\x01b",
		"run x\n# fine\ntype \"a\xffb\"",
		// Several at once, and what is in a block whose head is wrong.
		"run x\npres y\nif txt \"a\" {\n\tpress Entr\n}\npress y\ntpye \"z\"",
	} {
		f := files{"loop.sluice": "include loop.sluice\n", "bad.sluice": "\n  sleep 5\n"}
		_, err := Parse("s.sluice", []byte(src), ParseOptions{Open: f.open, Vars: []string{"v"}})
		if err == nil {
			t.Errorf("no error for %q", src)
			continue
		}
		if _, ok := err.(*ScriptError); !ok {
			t.Errorf("%T for %q", err, src)
		}
		b.WriteString("--- " + strconv.Quote(src) + "\n" + err.Error() + "\n")
	}
	golden(t, "errors.txt", strings.ToValidUTF8(b.String(), "?"))
}

func TestDeepAndEndless(t *testing.T) {
	deep := "run x\n" + strings.Repeat("if exit ", 5000) + "press y\n" + strings.Repeat("repeat 2 {\n", 5000)
	if _, err := Parse("s", []byte(deep), ParseOptions{}); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("deep nesting: %v", err)
	}
	// Sixteen files that include the next one twice are 65535 in all.
	f := files{}
	for _, c := range "abcdefghijklmnop" {
		f[string(c)] = strings.Repeat("include "+string(c+1)+"\n", 2)
	}
	f["q"] = ""
	if _, err := Parse("s", []byte("include a\n"), ParseOptions{Open: f.open}); err == nil || !strings.Contains(err.Error(), "scripts are included") {
		t.Errorf("many includes: %v", err)
	}
}

func TestLongLineIsCut(t *testing.T) {
	src := "run x " + strings.Repeat("é", 500) + " ${ " + strings.Repeat("z", 500)
	_, err := Parse("s", []byte(src), ParseOptions{})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines[1]) > 4*maxShown || !strings.Contains(lines[1], "${") {
		t.Errorf("the line shown is %q", lines[1])
	}
	if i := strings.IndexByte(lines[2], '^'); i < 0 || []rune(lines[1])[i] != '$' {
		t.Errorf("the mark is elsewhere:\n%s\n%s", lines[1], lines[2])
	}
}

func TestExample(t *testing.T) {
	// The example of the package's documentation is a script.
	src, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(src), "//	# log in")
	text, _, _ := strings.Cut(rest, "//\n")
	script := "# log in" + strings.ReplaceAll(text, "//\t", "")
	if got := Format(mustParse(t, script)); got != script {
		t.Error(cmp.Diff(script, got))
	}
}
