package torchargs

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
	"github.com/spf13/pflag"
)

func TestCommand(t *testing.T) {
	for line, want := range map[string]string{
		"t.py a --b":                       "PY -u t.py a --b",
		"-m pkg.mod x":                     "PY -u -m pkg.mod x",
		"--no-python ./run.sh x":           "./run.sh x",
		"--run-path --no-python -m t.py x": "PY -u t.py x",
	} {
		a := parse(t, nil, strings.Fields(line)...)
		if got := strings.Join(a.Command("PY"), " "); got != want {
			t.Errorf("%s: got %s", line, got)
		}
		if a.NeedsPython() != strings.HasPrefix(want, "PY") || a.RunPath != (len(a.Warnings) == 1) {
			t.Errorf("%s: needs python %v, warnings %q", line, a.NeedsPython(), a.Warnings)
		}
	}
	got := job.ExpandCommand([]string{"$local_rank", "$local_rank.py", "a$$"}, 3)
	if strings.Join(got, " ") != "$local_rank 3.py a$" {
		t.Errorf("expanded: %q", got)
	}
}

// macroCases are texts with their meaning for local rank 12.
func macroCases() map[string]string {
	return map[string]string{
		"":                          "",
		"plain":                     "plain",
		"$local_rank":               "12",
		"gpu-${local_rank}.log":     "gpu-12.log",
		"$local_rank$local_rank":    "1212",
		"$$":                        "$",
		"$$local_rank":              "$local_rank",
		"$$$local_rank":             "$12",
		"$$$$":                      "$$",
		"$":                         "$",
		"a$":                        "a$",
		"$local_ranks":              "$local_ranks",
		"$LOCAL_RANK ${Local_Rank}": "$LOCAL_RANK ${Local_Rank}",
		"${local_rank":              "${local_rank",
		"${local_rank }":            "${local_rank }",
		"${}":                       "${}",
		"$1 ${1}":                   "$1 ${1}",
		"${${local_rank}}":          "${12}",
		"$local_rank-$HOME":         "12-$HOME",
		"$local_ranké":              "12é",
		"$é$local_rank":             "$é12",
		"${a$local_rank":            "${a12",
	}
}

func TestExpandMacros(t *testing.T) {
	for text, want := range macroCases() {
		if got := job.ExpandMacros(text, 12); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestInterpreter(t *testing.T) {
	there := func(paths ...string) func(string) bool {
		return func(p string) bool { return strings.Contains(" "+strings.Join(paths, " ")+" ", " "+p+" ") }
	}
	look := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if there(names...)(name) {
				return "/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		}
	}
	for _, c := range []struct {
		env        string
		executable func(string) bool
		look       func(string) (string, error)
		want       string
	}{
		{"PYTHON_EXEC=/opt/py VIRTUAL_ENV=/v", there("/v/bin/python"), look("python3"), "/opt/py"},
		{"PYTHON_EXEC= VIRTUAL_ENV=/v/ CONDA_PREFIX=/c", there("/v/bin/python", "/c/bin/python"), look("python3"), "/v/bin/python"},
		{"VIRTUAL_ENV=/gone CONDA_PREFIX=/c", there("/c/bin/python"), look("python3"), "/c/bin/python"},
		{"VIRTUAL_ENV=/gone", there(), look("python3", "python"), "/bin/python3"},
		{"", there(), look("python"), "/bin/python"},
	} {
		if got, err := Interpreter(environ(strings.Fields(c.env)...), c.executable, c.look); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v", c.env, got, err)
		}
	}
	_, err := Interpreter(environ("VIRTUAL_ENV=/gone"), there(), look())
	refuse(t, err, "$PYTHON_EXEC", "/gone/bin/python", "$CONDA_PREFIX", "python3 in PATH", "set PYTHON_EXEC")
}

// Every option and every flag that can be given is on the page, nothing twice,
// and no letter that means something else.
func TestUsage(t *testing.T) {
	var b bytes.Buffer
	f := newRunFlags()
	if err := Usage(&b, f.FlagSet); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	count := map[string]int{}
	for line := range strings.Lines(page) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("too long: %s", line)
		}
		if !strings.HasPrefix(line, "  -") && !strings.HasPrefix(line, "      --") {
			continue
		}
		for _, word := range strings.Fields(line) {
			if name, ok := strings.CutPrefix(strings.TrimSuffix(word, ","), "-"); ok {
				count["-"+name]++
			}
			if strings.HasPrefix(word, "--") {
				break
			}
		}
	}
	for _, o := range options() {
		if o.help == "" || count["--"+o.name] != 1 || o.short != 0 && count["-"+string(o.short)] != 1 || o.takesValue() != (o.meta != "") {
			t.Errorf("--%s stands there %d times: %+v", o.name, count["--"+o.name], o)
		}
	}
	f.VisitAll(func(flag *pflag.Flag) {
		if count["--"+flag.Name] != 1 {
			t.Errorf("--%s stands there %d times", flag.Name, count["--"+flag.Name])
		}
	})
	if err := Usage(&b, nil); err != nil {
		t.Fatal(err)
	}
}
