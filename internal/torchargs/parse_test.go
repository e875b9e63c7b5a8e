package torchargs

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/job"
)

// walked is what the walk over a command line found, before any check of meaning.
func walked(args []string, extra *pflag.FlagSet) (given map[string]string, command []string, err error) {
	p := newParser(extra)
	script, rest, err := p.walk(args)
	if err != nil {
		return nil, nil, err
	}
	return p.given, append([]string{script}, rest...), nil
}

func TestWalk(t *testing.T) {
	type options = map[string]string
	for _, c := range []struct {
		line  string
		given options
		rest  string
	}{
		{"train.py", options{}, "train.py"},
		{"--nproc-per-node 4 --nnodes=2 t.py a b", options{"nproc-per-node": "4", "nnodes": "2"}, "t.py a b"},
		{"--nproc_per_node 4 --rdzv_id=x t.py", options{"nproc-per-node": "4", "rdzv-id": "x"}, "t.py"},
		{"--nproc 4 t.py", options{"nproc-per-node": "4"}, "t.py"}, // both spellings, one option
		{"--redirect=3 t.py", options{"redirects": "3"}, "t.py"},
		{"--max 3 --master_p 1 t.py", options{"max-restarts": "3", "master-port": "1"}, "t.py"},
		{"-r3 -t 1 t.py", options{"redirects": "3", "tee": "1"}, "t.py"},
		{"-r=3 -t=0:1,1:2 t.py", options{"redirects": "3", "tee": "0:1,1:2"}, "t.py"},
		{"-mr3 pkg.mod", options{"module": "", "redirects": "3"}, "pkg.mod"},
		{"-mr=3 pkg.mod", options{"module": "", "redirects": "3"}, "pkg.mod"},
		{"-mt 2 pkg.mod", options{"module": "", "tee": "2"}, "pkg.mod"},
		{"--max-restarts -1 t.py", options{"max-restarts": "-1"}, "t.py"},
		{"--monitor-interval -.5 t.py", options{"monitor-interval": "-.5"}, "t.py"},
		{"--role - t.py", options{"role": "-"}, "t.py"},
		{"--role=--tee t.py", options{"role": "--tee"}, "t.py"},
		{"--role= t.py", options{"role": ""}, "t.py"},
		{"--role a --role b t.py", options{"role": "b"}, "t.py"},
		{"--rdzv-conf a=1,b=2=3 t.py", options{"rdzv-conf": "a=1,b=2=3"}, "t.py"},
		{"t.py --help --nproc-per-node 3 --n -- x", options{}, "t.py --help --nproc-per-node 3 --n -- x"},
		{"-- t.py -- x", options{}, "t.py -- x"},
		{"-- --nnodes 2", options{}, "--nnodes 2"},
		{"-- -- x", options{}, "-- x"},
		{"t.py -- x -- y", options{}, "t.py x -- y"}, // argparse's positional swallows it
		{"--module -- t.py", options{"module": ""}, "t.py"},
		{"-1 x", options{}, "-1 x"},
		{"- x", options{}, "- x"},
		{"--log t.py", nil, ""},
		{"--log-d x t.py", options{"log-dir": "x"}, "t.py"}, // ours does not make it ambiguous
		{"--log-l x t.py", options{"log-line-prefix-template": "x"}, "t.py"},
		{"--e null t.py", options{"event-log-handler": "null"}, "t.py"},
		{"--ranks 0 t.py", options{"ranks-filter": "0"}, "t.py"},
	} {
		given, command, err := walked(strings.Fields(c.line), nil)
		if c.given == nil {
			refuse(t, err, "ambiguous option: --log could match --log-dir, --logs-specs")
			continue
		}
		if err != nil || !reflect.DeepEqual(given, c.given) || strings.Join(command, " ") != c.rest {
			t.Errorf("%s: got %q, %q, %v", c.line, given, command, err)
		}
	}
	// A word with a space is an argument, however it begins.
	given, command, err := walked([]string{"--role", "-x y", "--what is this"}, nil)
	if err != nil || given["role"] != "-x y" || command[0] != "--what is this" {
		t.Errorf("got %q, %q, %v", given, command, err)
	}
}

func TestRefusedLines(t *testing.T) {
	for _, c := range []struct{ line, words string }{
		{"", "the following arguments are required: training_script"},
		{"--", "required: training_script"},
		{"--tee 3", "required: training_script"},
		{"--nproc-per-nod=4x t.py", "argument --nproc-per-node"},
		{"--nproc-per-mode 4 t.py", "unrecognized arguments: --nproc-per-mode|did you mean --nproc-per-node?"},
		{"--rdvz_endpoint=x -x t.py", "unrecognized arguments: --rdvz_endpoint=x -x|did you mean --rdzv-endpoint?"},
		{"--learning-rate 3 t.py", "unrecognized arguments: --learning-rate|after the script"},
		{"--use_env t.py", "unrecognized arguments: --use_env|LOCAL_RANK"},
		{"-nnodes 2 t.py", "unrecognized arguments: -nnodes"},
		{"--n 2 t.py", "ambiguous option: --n could match --nnodes, --nproc-per-node, --no-python, --numa-binding, --node-rank"},
		{"--=2 t.py", "ambiguous option: -- could match"},
		{"--nnodes", "argument --nnodes: expected one argument"},
		{"--nnodes -- t.py", "argument --nnodes: expected one argument"},
		{"--nnodes --tee 3 t.py", "argument --nnodes: expected one argument"},
		{"--role -x t.py", "argument --role: expected one argument|--role=-x"},
		{"--role --r t.py", "argument --role: expected one argument"},
		{"-r -t3 t.py", "argument -r/--redirects: expected one argument"},
		{"--standalone=1 t.py", `argument --standalone: ignored explicit argument "1"`},
		{"--standalone= t.py", "argument --standalone: ignored explicit argument"},
		{"-m=3 t.py", `argument -m/--module: ignored explicit argument "3"`},
		{"-mfoo t.py", `argument -m/--module: ignored explicit argument "foo"`},
		{"--max-restarts x t.py", `argument --max-restarts: invalid int value: "x"`},
		{"--max-restarts 1.5 t.py", `argument --max-restarts: invalid int value: "1.5"`},
		{"--max-restarts x --max-restarts 1 t.py", `argument --max-restarts: invalid int value: "x"`},
		{"--max-restarts 99999999999999999999 t.py", "too large"},
		{"--max-restarts -1 t.py", "argument --max-restarts: -1 is negative"},
		{"--monitor-interval x t.py", `argument --monitor-interval: invalid float value: "x"`},
		{"--monitor-interval 0x1p2 t.py", "invalid float value"},
		{"--monitor-interval nan t.py", "not a number of seconds"},
		{"--monitor-interval inf t.py", "292 years"},
		{"--monitor-interval -1 t.py", "negative"},
		{"--start-method thread t.py", `argument --start-method: invalid choice: "thread" (choose from spawn, fork, forkserver)`},
		{"--numa-binding all t.py", "argument --numa-binding: invalid choice|node, socket, exclusive, core-complex"},
		{"--numa-binding -1 t.py", "argument --numa-binding: invalid choice"},
		{"--nnodes 2:20:30 t.py", "argument --nnodes|MIN:MAX"},
		{"--nnodes 0 t.py", "argument --nnodes"},
		{"--nnodes 0:2 t.py", "argument --nnodes"},
		{"--nnodes 3:2 t.py", "argument --nnodes"},
		{"--nnodes two t.py", `argument --nnodes: invalid int value: "two"`},
		{"--nnodes 1: t.py", "argument --nnodes: invalid int value"},
		{"--nproc-per-node 0 t.py", "argument --nproc-per-node: 0 is no number of workers"},
		{"--nproc-per-node=-2 t.py", "argument --nproc-per-node: -2"},
		{"--nproc-per-node xpu t.py", "xpu|write their number instead"},
		{"--nproc-per-node hpu t.py", `unsupported value: "hpu"`},
		{"--local-ranks-filter 0,a t.py", `argument --local-ranks-filter: "a" is no integer`},
		{"--local-ranks-filter 0, t.py", "is no integer"},
		{"--ranks-filter 3-1 t.py", "runs backwards"},
		{"--duplicate-stdout-filters a, t.py", "empty"},
		{"--logs-specs mine t.py", "argument --logs-specs: there is no \"mine\""},
		{"--event-log-handler file t.py", "null, console or dynamic_rendezvous"},
		{"--rdzv-backend etcd-v2 t.py", "etcd-v2 is not supported|--node-rank"},
		{"--rdzv-backend zeus t.py", "there is no backend \"zeus\""},
		{"--no-python -m t.py", "--no-python and --module"},
		{"--shutdown-timeout=-1 t.py", "negative"},
		{"--shutdown-timeout=1.5 t.py", "invalid int value"},
		{"--exit-barrier-timeout=-1 t.py", "negative"},
		{"--node-rank -1 t.py", "--node-rank: -1 is negative"},
		{"--master-port 70000 t.py", "70000 is no port"},
		{"--forward-signals NOPE t.py", "no such signal"},
		{"--forward-signals KILL t.py", "cannot be caught"},
		{"--forward-signals TERM t.py", "SIGTERM is in both"},
		{"--rdzv-conf a t.py", `the value of "a" is missing`},
		{"--rdzv-conf =1 t.py", "a key is missing"},
		{"--rdzv-conf a=1, t.py", "a key is missing"},
	} {
		_, err := Parse(strings.Fields(c.line), environ(), nil)
		refuse(t, err, strings.Split(c.words, "|")...)
	}
	_, err := Parse([]string{""}, environ(), nil)
	refuse(t, err, "training_script", "empty")
}

func TestHelp(t *testing.T) {
	for _, line := range []string{"-h", "--help t.py", "--he", "--standalone -h --bogus"} {
		if _, err := Parse(strings.Fields(line), environ(), nil); !errors.Is(err, pflag.ErrHelp) {
			t.Errorf("%s: %v", line, err)
		}
	}
	// What comes before it is an error first; what follows the script is the script's.
	_, err := Parse([]string{"--nnodes", "-h"}, environ(), nil)
	refuse(t, err, "expected one argument")
	parse(t, nil, "t.py", "--help")
}

func TestExtraFlags(t *testing.T) {
	f := newRunFlags()
	a, err := Parse(strings.Fields("-n2 --nproc-per-node=3 --tee 0:1 --redirect=1:all -dq --grace 5m --nic -3 --json=false --env A=1 --env B=2 --log-dir x t.py -n 9"),
		environ(), f.FlagSet)
	if err != nil {
		t.Fatal(err)
	}
	if f.workers != "2" || !f.detach || !f.quiet || f.grace.String() != "5m" || f.nice != -3 || len(f.env) != 2 || !f.Changed("json") {
		t.Errorf("flags: %+v", f)
	}
	// Names on both sides are torchrun's, exact names go before beginnings.
	if a.NprocPerNode.Count != 3 || a.Tee.For(0) != job.Out || !f.tee.IsZero() || a.LogDir != "x" || f.logDir != "" {
		t.Errorf("args: %+v, flags: %+v", a, f)
	}
	if f.redirect.String() != "1:all" || a.Given["redirects"] {
		t.Errorf("--redirect went to %v", a.Redirects)
	}
	for _, c := range []struct{ line, words string }{
		{"--grace x t.py", "argument --grace: parsing duration"},
		{"--grace t.py", "training_script|"},
		{"--grace", "argument --grace: expected one argument"},
		{"--detach=maybe t.py", "argument --detach"},
		{"--detach= t.py", "argument --detach"},
		{"-dn t.py", "training_script|"},
		{"-dx t.py", `argument --detach: ignored explicit argument "x"`},
		{"--detatch t.py", "unrecognized arguments: --detatch|did you mean --detach?"},
		{"--n 2 t.py", "ambiguous option: --n could match --nnodes"},
	} {
		_, err := Parse(strings.Fields(c.line), environ(), newRunFlags().FlagSet)
		if c.words == "training_script|" { // the script was taken for the value
			if err == nil {
				t.Errorf("%s: no error", c.line)
			}
			continue
		}
		refuse(t, err, strings.Split(c.words, "|")...)
	}
	// Beginnings: torchrun's first, then the flags'.
	f = newRunFlags()
	a, err = Parse(strings.Fields("--wor 5 --det -d=false -n=7 --redirects 2 t.py"), environ(), f.FlagSet)
	if err != nil || f.workers != "7" || f.detach || a.Redirects.For(3) != job.Err {
		t.Errorf("%+v, %+v, %v", a, f, err)
	}
}

func TestVariables(t *testing.T) {
	a := parse(t, []string{"PET_NPROC_PER_NODE=4", "PET_ROLE=env", "PET_STANDALONE=1", "PET_MODULE=0", "PET_RUN_PATH= 2 ",
		"PET_LOG_DIR=", "PET_RDZV_CONF=a=1", "PET_LOGS_SPECS=mine", "PET_NUMA_BINDING=none", "PET_RANKS_FILTER=zero", "PET_START_METHOD=thread"},
		"--role", "line", "t.py")
	if a.NprocPerNode.Count != 4 || a.Role != "line" || !a.Standalone || a.Module || !a.RunPath || a.LogDir != "" ||
		a.RdzvConf["a"] != "1" || a.LogsSpecs != "" || a.NumaBinding != "" || !a.RanksFilter.IsZero() {
		t.Errorf("got %+v", a)
	}
	for _, dest := range []string{"nproc_per_node", "role", "standalone", "module", "log_dir"} {
		if !a.Given[dest] {
			t.Errorf("%s was given", dest)
		}
	}
	if a.Given["logs_specs"] || a.Given["tee"] || a.Given["ranks_filter"] {
		t.Errorf("given: %v", a.Given)
	}
	if !strings.Contains(strings.Join(a.Warnings, "\n"), `PET_START_METHOD "thread"`) {
		t.Errorf("warnings: %q", a.Warnings)
	}

	for env, words := range map[string]string{
		"PET_STANDALONE=yes":                        `PET_STANDALONE: invalid int value: "yes"`,
		"PET_MODULE=":                               `PET_MODULE: invalid int value: ""`,
		"PET_MAX_RESTARTS=abc":                      `PET_MAX_RESTARTS: invalid int value: "abc"`,
		"PET_NNODES=":                               `PET_NNODES: invalid int value: ""`,
		"PET_MASTER_PORT=":                          `PET_MASTER_PORT: invalid int value: ""`,
		"PET_TEE=11":                                `PET_TEE: "11" names no streams`,
		"PET_NO_PYTHON=1":                           "",
		"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=soon":       `TORCH_ELASTIC_SHUTDOWN_TIMEOUT: invalid int value: "soon"`,
		"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=-3":         "TORCH_ELASTIC_SHUTDOWN_TIMEOUT: ",
		"TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT=-3":     "TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT: ",
		"TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE=a\n": "TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE: ",
	} {
		_, err := Parse([]string{"t.py"}, environ(env), nil)
		if words == "" {
			if err != nil {
				t.Errorf("%s: %v", env, err)
			}
			continue
		}
		refuse(t, err, words)
	}
	_, err := Parse([]string{"--no-python", "t"}, environ("PET_MODULE=1"), nil)
	refuse(t, err, "--module")
	// A bad number does not matter where the line has one; a bad switch always does.
	parse(t, []string{"PET_MAX_RESTARTS=abc"}, "--max-restarts", "1", "t.py")
	_, err = Parse([]string{"--standalone", "t.py"}, environ("PET_STANDALONE=x"), nil)
	refuse(t, err, "PET_STANDALONE")
}
