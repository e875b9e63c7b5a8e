package torchargs

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// oracle collects questions for the torchrun that is installed, which is started
// once for all of them: it takes seconds to start.
type oracle struct {
	questions [][]any
	checks    []func(answer)
}

type answer struct {
	OK    json.RawMessage
	Error string
	Help  bool
}

func (a answer) verdict() string {
	switch {
	case a.Help:
		return "help"
	case a.Error != "":
		return "error"
	}
	return "ok"
}

// ask adds a question. check is given torchrun's answer.
func (o *oracle) ask(check func(answer), question ...any) {
	o.questions = append(o.questions, question)
	o.checks = append(o.checks, check)
}

func (o *oracle) run(t *testing.T) {
	t.Helper()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	stdin, err := json.Marshal(o.questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join("testdata", "oracle.py"))
	cmd.Stdin = strings.NewReader(string(stdin))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []answer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(o.checks) {
		t.Fatalf("%d answers to %d questions: %v", len(answers), len(o.checks), err)
	}
	for i, a := range answers {
		o.checks[i](a)
	}
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, pflag.ErrHelp):
		return "help"
	}
	return "error"
}

// typed is a value as Python has it after JSON.
func typed(o *option, text string) any {
	switch o.kind {
	case onOff:
		return true
	case integer:
		n, _ := parseInt(text)
		return float64(n)
	case number:
		f, _ := parseFloat(text)
		return f
	}
	return text
}

// walk asks what is set by a line whose options old and new torchrun share.
func (o *oracle) walk(t *testing.T, args []string) {
	o.ask(func(theirs answer) {
		p := newParser(nil)
		script, rest, err := p.walk(args)
		if verdict(err) != theirs.verdict() {
			t.Errorf("%q: we say %v, torchrun %+v", args, err, theirs)
			return
		}
		if err != nil {
			return
		}
		ours := map[string]any{"training_script": script, "training_script_args": make([]any, len(rest))}
		for i, s := range rest {
			ours["training_script_args"].([]any)[i] = s
		}
		for i := range p.options {
			if text, ok := p.given[p.options[i].name]; ok {
				ours[p.options[i].dest()] = typed(&p.options[i], text)
			}
		}
		var want map[string]any
		if err := json.Unmarshal(theirs.OK, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(ours, want) {
			t.Errorf("%q: we read %v, torchrun %v", args, ours, want)
		}
	}, "walk", args)
}

// words are what random lines are made of. Names are those of torch 1.13, which
// has no dashes in them; beginnings mean the same to it and to newer ones. What
// would be ambiguous is left out: argparse looks for that even after the script.
func words() []string {
	return strings.Split("--nnodes|--nnodes=2|--nproc_per_node|--nproc_per_node=4|--nproc|--rdzv_backend|--rdzv_e=h:1|--rdzv_id=|--rdzv_conf=a=1,b=2|"+
		"--standalone|--stand|--standalone=1|--max_restarts|--max=3|--max_restarts=x|--monitor_interval=1_0.5|--mon|--start_method|--start=fork|--start_method=x|"+
		"--role|--role=-x|-m|--modu|-mx|-m=1|-m=|-mr3|-mt|--no_p|--run|--log_dir=x y|-r|-r3|-r=3|-r=|--redirect=3|-t|-t0:1,1:2|--tee|-tee|"+
		"--node_rank|--master_addr=h|--master_port|-h|--help|--he|--bogus|-x|-x y|--bogus=1|--bogus x|-1|-1.5|-.5|-1.|-1e3|- 1|1|12_3| 7 |fork|a b|x|-||--|--|t.py|t.py", "|")
}

func TestTorchrunAgrees(t *testing.T) {
	var o oracle
	for _, line := range []string{
		"", "--", "-- -- x", "-- t.py -- x", "t.py -- x -- y", "t.py x -- y", "--role - t.py", "--max_restarts -1 t.py", "-mr3 t.py", "-m -- t.py",
		"--n 2 t.py", "--m 2 t.py", "--rdzv x t.py", "--role -- t.py", "--nnodes --tee 3 t.py", "--max_restarts x --max_restarts 1 t.py", "--bogus 3 t.py",
	} {
		o.walk(t, strings.Fields(line))
	}
	random := rand.New(rand.NewPCG(1, 2))
	all := words()
	for range 2500 {
		args := make([]string, random.IntN(8))
		for i := range args {
			args[i] = all[random.IntN(len(all))]
		}
		o.walk(t, args)
	}
	for text := range stdCases() {
		o.ask(func(theirs answer) {
			if _, ok := parseStd(text); ok != (theirs.Error == "") {
				t.Errorf("streams %q: we say %v, torchrun %+v", text, ok, theirs)
			}
		}, "std", text)
	}
	for text := range macroCases() {
		o.ask(func(theirs answer) {
			var want string
			if err := json.Unmarshal(theirs.OK, &want); err != nil || job.ExpandMacros(text, 12) != want {
				t.Errorf("macros %q: we say %q, torchrun %q (%v)", text, job.ExpandMacros(text, 12), want, err)
			}
		}, "macros", text, 12)
	}
	for text := range endpointCases() {
		o.ask(func(theirs answer) {
			host, port, err := parseEndpoint(text, 7)
			ours, _ := json.Marshal([]any{host, port})
			if (err == nil) != (theirs.Error == "") || err == nil && strings.ReplaceAll(string(theirs.OK), " ", "") != string(ours) {
				t.Errorf("endpoint %q: we say %s (%v), torchrun %+v", text, ours, err, theirs)
			}
		}, "endpoint", text, 7)
	}
	for _, text := range []string{"", " ", "a=1", "a=1,b=2=3", "=1", "a=", "a", "a=1,", " a = 1 , b = 2 ", "a=1,a=2", "a==", ","} {
		o.ask(func(theirs answer) {
			conf, err := setting{opt: &option{}, text: text}.conf()
			var want map[string]string
			if theirs.Error == "" {
				if err := json.Unmarshal(theirs.OK, &want); err != nil {
					t.Fatal(err)
				}
			}
			if (err == nil) != (theirs.Error == "") || !maps.Equal(conf, want) {
				t.Errorf("conf %q: we say %q (%v), torchrun %+v", text, conf, err, theirs)
			}
		}, "conf", text)
	}
	for _, text := range []string{"1", "2:20", "2:20:30", " 1 : 2 ", "1:", ":", "", "x", "1_0", "+3"} {
		o.ask(func(theirs answer) {
			least, most, err := setting{opt: &option{}, text: text}.nodes()
			ours, _ := json.Marshal([]int{least, most})
			if (err == nil) != (theirs.Error == "") || err == nil && strings.ReplaceAll(string(theirs.OK), " ", "") != string(ours) {
				t.Errorf("nodes %q: we say %s (%v), torchrun %+v", text, ours, err, theirs)
			}
		}, "nodes", text)
	}
	o.variables(t)
	o.run(t)
}

// variables asks what PET_ variables and a line make together.
func (o *oracle) variables(t *testing.T) {
	// Their defaults have changed since.
	changed := []string{"monitor_interval", "master_port"}
	for _, c := range []struct{ env, line string }{
		{"", "t.py"},
		{"PET_NPROC_PER_NODE=4 PET_ROLE=env PET_MODULE=1", "--role line t.py"},
		{"PET_STANDALONE=0 PET_NO_PYTHON=-1 PET_RUN_PATH=+0", "t.py"},
		{"PET_STANDALONE=0", "--standalone t.py"},
		{"PET_STANDALONE=yes", "--standalone t.py"},
		{"PET_MODULE=", "t.py"},
		{"PET_LOG_DIR= PET_RDZV_ID= PET_RDZV_ENDPOINT=h", "t.py"},
		{"PET_MAX_RESTARTS=abc", "t.py"},
		{"PET_MAX_RESTARTS=abc", "--max_restarts 2 t.py"},
		{"PET_MAX_RESTARTS=1_2 PET_NODE_RANK=-3", "t.py"},
		{"PET_MAX_RESTARTS=", "t.py"},
		{"PET_START_METHOD=thread", "t.py"},
		{"PET_REDIRECTS=3 PET_TEE=1 PET_R=2 PET_TRAINING_SCRIPT=x", "t.py"},
		{"PET_REDIRECTS=3", ""},
	} {
		env := map[string]string{}
		for _, e := range strings.Fields(c.env) {
			k, v, _ := strings.Cut(e, "=")
			env[k] = v
		}
		args := strings.Fields(c.line)
		o.ask(func(theirs answer) {
			p := newParser(nil)
			_, _, err := p.walk(args)
			ours := map[string]any{}
			for i := range p.options {
				opt := &p.options[i]
				v, _, lerr := p.lookup(opt, environ(strings.Fields(c.env)...))
				if cerr := v.check(); lerr == nil && v.from != "" {
					lerr = cerr
				}
				if err == nil {
					err = lerr
				}
				ours[opt.dest()] = typed(opt, v.text)
				if opt.kind == onOff {
					ours[opt.dest()] = v.on
				}
			}
			if verdict(err) != theirs.verdict() {
				t.Errorf("%s %s: we say %v, torchrun %+v", c.env, c.line, err, theirs)
				return
			}
			if err != nil {
				return
			}
			var want map[string]any
			if err := json.Unmarshal(theirs.OK, &want); err != nil {
				t.Fatal(err)
			}
			for dest, w := range want {
				if w == nil {
					w = "" // no text
				}
				if !slices.Contains(changed, dest) && !strings.HasPrefix(dest, "training_script") && ours[dest] != w {
					t.Errorf("%s %s: %s is %v to us, %v to torchrun", c.env, c.line, dest, ours[dest], w)
				}
			}
		}, "env", args, env)
	}
}
