//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Checklist 1, 2, 5, 6, 9-13, 17-20, 36, 42: exit status 2, one line that names
// the option, perhaps one that helps, and nothing has happened.
func TestTorchrunUsageErrors(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newTorchWorld(t)
	file := writeFile(t, w.path("file"), "", 0o600)
	for _, tt := range []struct{ env, args, says string }{
		{"", "", "the following arguments are required: training_script"},
		{"", "--tee 3", "the following arguments are required: training_script"},
		{"", "--nproc-per-mode 2 @", "unrecognized arguments: --nproc-per-mode|did you mean --nproc-per-node?"},
		{"", "--n 2 @", "ambiguous option: --n could match --nnodes"},
		{"", "--nnodes 2:20:30 @", `argument --nnodes: "2:20:30" is not in MIN:MAX format`},
		{"", "--nnodes 0 @", "argument --nnodes: "},
		{"", "--nnodes 3:2 @", "argument --nnodes: "},
		{"", "--max-restarts -1 @", "argument --max-restarts: -1 is negative"},
		{"", "--max-restarts many @", `argument --max-restarts: invalid int value: "many"`},
		{"PET_MAX_RESTARTS=-1", "@", "PET_MAX_RESTARTS: -1 is negative"},
		{"", "-m @", "--no-python and --module (-m) exclude each other"},
		{"PET_MODULE=1", "@", "--no-python and --module (-m) exclude each other"},
		{"PET_STANDALONE=yes", "@", `PET_STANDALONE: invalid int value: "yes"|unset`},
		{"", "--nproc-per-node lots @", `argument --nproc-per-node: unsupported value: "lots"`},
		{"", "--nproc-per-node 0 @", "argument --nproc-per-node: 0 is no number of workers"},
		{"", "--nproc-per-node xpu @", "argument --nproc-per-node: xpu"},
		{"CUDA_VISIBLE_DEVICES=", "--nproc-per-node gpu @", "gpu: this machine shows no "},
		{"PET_NPROC_PER_NODE=x", "@", `PET_NPROC_PER_NODE: unsupported value: "x"`},
		{"", "--local-ranks-filter 0,a @", `argument --local-ranks-filter: "a" is no integer`},
		{"", "--duplicate-stdout-filters a,,,b, @", "argument --duplicate-stdout-filters: "},
		{"", "--rdzv-conf =1 @", "argument --rdzv-conf: "},
		{"", "--rdzv-conf a= @", "argument --rdzv-conf: "},
		{"", "--rdzv-conf a @", "argument --rdzv-conf: "},
		{"", "--rdzv-endpoint [::1 @", "--rdzv-endpoint: "},
		{"", "--rdzv-endpoint host:99999 @", "--rdzv-endpoint: "},
		{"", "--rdzv-endpoint host @", "the port is missing, which a static rendezvous needs|--master-port"},
		{"", "--nnodes 2 --node-rank 2 @", "--node-rank 2: with 2 nodes the ranks are 0 to 1"},
		{"", "--rdzv-backend etcd @", "argument --rdzv-backend: etcd is not supported"},
		{"", "--logs-specs mine @", `argument --logs-specs: there is no "mine"`},
		{"", "--event-log-handler file @", `argument --event-log-handler: there is no handler "file"`},
		{"", "--shutdown-timeout -1 @", "argument --shutdown-timeout: "},
		{"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=-5", "@", "TORCH_ELASTIC_SHUTDOWN_TIMEOUT: "},
		{"TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT=-5", "@", "TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT: "},
		{"", "--exit-barrier-timeout soon @", "argument --exit-barrier-timeout: "},
		{"", "--numa-binding everywhere @", `argument --numa-binding: invalid choice: "everywhere" (choose from node, socket`},
		{"", "--redirects 0:1, @", "argument -r/--redirects: "},
		{"", "--tee 11 @", "argument -t/--tee: "},
		{"", "-t 0:1,1 @", "argument -t/--tee: "},
		{"", "-r1,0:1 @", "argument -r/--redirects: "},
		{"", "-t 11 @", "argument -t/--tee: "},
		{"", "--standalone=1 @", "argument --standalone: ignored explicit argument"},
		{"", "--log-dir " + file + " @", "--log-dir|is a file"},
		{"", "--grace soon @", "argument --grace: "},
	} {
		args := strings.Fields(strings.ReplaceAll(tt.args, "@", "--no-python touch started"))
		base := w.env
		if tt.env != "" {
			w.env = append(base[:len(base):len(base)], tt.env)
		}
		r := w.torchrun(args...)
		w.env = base
		what := tt.env + " torchrun " + tt.args
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || strings.Count(r.stderr, "\n") > 2 {
			t.Errorf("%s: %+v", what, r)
		}
		for _, word := range strings.Split(tt.says, "|") {
			if !strings.Contains(r.stderr, word) {
				t.Errorf("%s does not say %q: %s", what, word, r.stderr)
			}
		}
	}
	if _, err := os.Stat(w.path("started")); err == nil {
		t.Error("something was started")
	}
	w.noRuns("")
}

// Checklist 1, 3, 6-8, 14: what means how many workers, by what words. Each says
// its rank, the number of workers, its role, and its arguments.
func TestTorchrunSpellings(t *testing.T) {
	thorough(t)
	t.Parallel()
	two := "0/2 default a\n1/2 default a\n"
	cpus := ""
	for rank := range runtime.NumCPU() {
		cpus += strconv.Itoa(rank) + "/" + strconv.Itoa(runtime.NumCPU()) + " default a\n"
	}
	for _, tt := range []struct{ args, want string }{
		{"@ a", "0/1 default a\n"},
		{"--nproc-per-node 2 @ a", two},
		{"--nproc_per_node=2 @ a", two},
		{"--nproc_per-node 2 @ a", ""}, // neither the one nor the other
		{"--nproc 2 @ a", two},
		{"--nproc-per-node 3 --nproc_per_node 2 @ a", two},
		{"--nnodes 1:1 --nproc-per-node 2 @ a", two},
		{"-n 2 @ a", two}, // sluice run's
		{"--nproc-per-node cpu @ a", cpus},
		{"--nproc-per-node 2 --role eval @ a", "0/2 eval a\n1/2 eval a\n"},
		{"--standalone --rdzv-backend c10d --rdzv-id x --nproc-per-node 2 @ a", two},
		{"@ a --nproc-per-node 3 --help -r 9", "0/1 default a --nproc-per-node 3 --help -r 9\n"},
		{"@ -- a --", "0/1 default a --\n"},
		{"--redirect=3 @ a", "0/1 default a\n"},
		{"-r3 @ a", "0/1 default a\n"},
	} {
		w := newTorchWorld(t)
		script := writeFile(t, w.path("script"), "#!/bin/sh\necho $RANK/$WORLD_SIZE $ROLE_NAME \"$@\"\n", 0o700)
		// --no_py is a prefix of --no_python, and of nothing else.
		r := w.torchrun(strings.Fields(strings.ReplaceAll(tt.args, "@", "--no_py "+script))...)
		if tt.want == "" {
			r.says(t, 2, "unrecognized arguments: --nproc_per-node")
			continue
		}
		got := r.stdout
		if strings.Contains(tt.args, "-r3 ") || strings.Contains(tt.args, "redirect") {
			if got != "" {
				t.Errorf("torchrun %s: redirected, and there is %q", tt.args, got)
			}
			got = w.log(0, "stdout")
		}
		if r.status != 0 || sortedLines(got) != sortedLines(tt.want) {
			t.Errorf("torchrun %s: %+v instead of %q", tt.args, r, tt.want)
		}
	}
}

// Checklist 4, 5: a variable stands for an option, which is stronger.
func TestTorchrunVariables(t *testing.T) {
	t.Parallel()
	const script = `echo $RANK $ROLE_NAME $TORCHELASTIC_MAX_RESTARTS`
	for _, tt := range []struct{ env, flags, want string }{
		{"PET_NPROC_PER_NODE=2", "--no-python", "0 default 0\n1 default 0\n"},
		{"PET_NPROC_PER_NODE=2 PET_NO_PYTHON=1 PET_ROLE=r PET_MAX_RESTARTS=4", "", "0 r 4\n1 r 4\n"},
		{"PET_NPROC_PER_NODE=2 PET_NO_PYTHON=-1 PET_MODULE=0 PET_ROLE=r", "--nproc-per-node 1 --role other", "0 other 0\n"},
		{"PET_NPROC_PER_NODE=2 PET_TEE=1", "--no-python", "[default0]:0 default 0\n[default1]:1 default 0\n"},
		{"PET_TEE=1 PET_REDIRECTS=3", "--no-python -t 0", ""},
		{"PET_T=3 PET_LOGS_SPECS=mine PET_NUMA_BINDING=x PET_TRAINING_SCRIPT=x", "--no-python", "0 default 0\n"}, // these are none
		{"PET_STANDALONE=0 PET_MASTER_PORT=0", "--no-python", "0 default 0\n"},
	} {
		w := newTorchWorld(t, strings.Fields(tt.env)...)
		r := w.torchrun(append(strings.Fields(tt.flags), "sh", "-c", script)...)
		if r.status != 0 || sortedLines(r.stdout) != tt.want {
			t.Errorf("%s torchrun %s: %+v instead of %q", tt.env, tt.flags, r, tt.want)
		}
	}
}

// A link named torchrun is torchrun, wherever it lies and however it is called.
func TestTorchrunLink(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	w.mkdir(w.path("bin"))
	link := w.path("bin/torchrun")
	if err := os.Symlink(sluice, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{link, "torchrun", "./bin/torchrun"} {
		c := exec.Command(link, "--nproc_per_node", "2", "-t1", "--no-python", "echo", "$local_rank", "$$x")
		c.Args[0] = name
		c.Env, c.Dir = w.env, w.dir
		if out, err := c.CombinedOutput(); err != nil || sortedLines(string(out)) != "[default0]:0 $x\n[default1]:1 $x\n" {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
	w.command(link, "run", "--no-python", "true").says(t, 1, "/run': [Errno 2]") // a script of that name
	if r := w.command(link, "--nope"); r.status != 2 || !strings.Contains(r.stderr, "unrecognized arguments: --nope") {
		t.Errorf("--nope: %+v", r)
	}
	other := w.path("bin/torchrun-old")
	if err := os.Symlink(sluice, other); err != nil {
		t.Fatal(err)
	}
	if r := w.command(other, "version"); r.status != 0 || !strings.HasPrefix(r.stdout, "sluice ") {
		t.Errorf("by another name: %+v", r)
	}
}

func TestTorchrunHelp(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	for _, flag := range []string{"--help", "-h", "--hel"} {
		r := w.torchrun("--nproc-per-node", "2", flag, "touch", "started")
		if r.status != 0 || r.stderr != "" {
			t.Errorf("%s: %+v", flag, r)
		}
		for _, word := range []string{"usage: torchrun ", "--nproc-per-node", "PET_NPROC_PER_NODE=8", "${local_rank}", "--virtual-local-rank",
			"--duplicate-stdout-filters", "-r, --redirects", "-t, --tee", "Flags of sluice run:", "--exit-code", "--dry-run"} {
			if !strings.Contains(r.stdout, word) {
				t.Errorf("%s lacks %q", flag, word)
			}
		}
	}
	w.noRuns("")
	if r := w.torchrun("--no-python", "sh", "-c", `echo "$@"`, "sh", "--help"); r.stdout != "--help\n" {
		t.Errorf("a script's --help: %+v", r)
	}
}

// Checklist 14-16: what would be started, and what is told about words that
// have no effect.
func TestTorchrunDryRun(t *testing.T) {
	t.Parallel()
	type rank struct {
		Rank                  int
		Stdin, Stdout, Stderr string
		Env, Command          []string
	}
	plan := func(w *world, flags string) ([]rank, string) {
		t.Helper()
		r := w.torchrun(append(strings.Fields(flags), "--dry-run", "--json", "--no-python", "touch", "started-${local_rank}")...)
		var p struct{ Workers []rank }
		if err := json.Unmarshal([]byte(r.stdout), &p); err != nil || r.status != 0 {
			t.Fatalf("%s: %v: %+v", flags, err, r)
		}
		return p.Workers, r.stderr
	}
	has := func(r rank, want ...string) {
		t.Helper()
		all := "\n" + strings.Join(r.Env, "\n") + "\n"
		for _, kv := range want {
			if !strings.Contains(all, "\n"+kv+"\n") {
				t.Errorf("rank %d lacks %s:%s", r.Rank, kv, all)
			}
		}
	}
	w := newTorchWorld(t)
	ranks, says := plan(w, "--nproc-per-node 2 -t 3 --local-ranks-filter 1 --rdzv-id lost --max-restarts 3")
	if len(ranks) != 2 || !strings.Contains(says, `--rdzv-id "lost" has no effect`) {
		t.Fatalf("%+v, %s", ranks, says)
	}
	has(ranks[1], "RANK=1", "LOCAL_RANK=1", "WORLD_SIZE=2", "GROUP_WORLD_SIZE=1", "TORCHELASTIC_MAX_RESTARTS=3", "TORCHELASTIC_USE_AGENT_STORE=True")
	if !equal(ranks[1].Command, []string{"touch", "started-1"}) || ranks[0].Stdin != "the launcher's, shared by all" ||
		!strings.HasSuffix(ranks[0].Stdout, "stdout.log (tee'd, not on the console)") || !strings.HasSuffix(ranks[1].Stderr, "stderr.log and the console") {
		t.Errorf("%+v", ranks)
	}
	ranks, _ = plan(w, "--nproc-per-node 2 -r 1 --local-ranks-filter 1")
	if ranks[0].Stderr != "/dev/null" || ranks[1].Stderr != "the launcher's" || !strings.HasSuffix(ranks[0].Stdout, "/0/stdout.log") {
		t.Errorf("%+v", ranks)
	}
	// One of several nodes: ranks as if all had as many workers.
	ranks, says = plan(w, "--nnodes 3 --node-rank 2 --nproc-per-node 2 --rdzv-id job7 --master-addr node0 --master-port 4444")
	if says != "" || len(ranks) != 2 || ranks[1].Rank != 5 {
		t.Errorf("%+v, %s", ranks, says)
	}
	has(ranks[1], "RANK=5", "LOCAL_RANK=1", "WORLD_SIZE=6", "LOCAL_WORLD_SIZE=2", "GROUP_RANK=2", "GROUP_WORLD_SIZE=3", "ROLE_RANK=5", "ROLE_WORLD_SIZE=6",
		"MASTER_ADDR=node0", "MASTER_PORT=4444", "TORCHELASTIC_RUN_ID=job7")
	for flags, words := range map[string]string{
		"--standalone --rdzv-endpoint h:1":                              `--rdzv-endpoint "h:1" has no effect: --standalone`,
		"--rdzv-backend c10d --node-rank 1 --rdzv-endpoint localhost:0": "--node-rank 1 has no effect",
		"--rdzv-backend c10d --master-addr h":                           "--master-addr and --master-port have no effect",
		"--signals-to-handle SIGTERM,SIGNOPE":                           "SIGNOPE",
		"--run-path":                                                    "--run-path: ",
	} {
		if _, says := plan(w, flags); !strings.HasPrefix(says, "sluice: ") || !strings.Contains(says, words) {
			t.Errorf("%s does not say %q: %s", flags, words, says)
		}
		if _, says := plan(w, flags+" --quiet"); says != "" {
			t.Errorf("%s: not quiet: %s", flags, says)
		}
	}
	if left, _ := filepath.Glob(w.path("started*")); len(left) > 0 {
		t.Errorf("a dry run made %v", left)
	}
	w.noRuns("")
}

// Every failure is 1 unless another policy was asked for; a time that is up is not
// torchrun's, and keeps its own.
func TestTorchrunExitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flags, script string
		status        int
	}{
		{"", "exit 0", 0},
		{"", "exit 85", 1},
		{"", "exit 2", 1}, // of a worker's, and not usage
		{"", "ulimit -c 0; kill -SEGV $$", 1},
		{"--exit-code first", "exit 85", 85},
		{"--exit-code max --on-failure continue", "exit $((RANK + 7))", 8},
		{"--exit-code first", "ulimit -c 0; kill -SEGV $$", 128 + 11},
		{"--timeout 50ms", "exec sleep 1000", 124},
		{"--max-restarts 1", `exit $((85 * (1 - $TORCHELASTIC_RESTART_COUNT)))`, 0},
	} {
		w := newTorchWorld(t)
		// $$ becomes $ in an argument; a script file is left alone.
		script := writeFile(t, w.path("script"), "#!/bin/sh\n"+tt.script+"\n", 0o700)
		r := w.torchrun(append(strings.Fields(tt.flags), "--nproc-per-node", "2", "--no-python", script)...)
		if r.status != tt.status || tt.status != 0 && !strings.Contains(r.stderr, "sluice: run script-") {
			t.Errorf("%s, %s: %+v instead of %d", tt.flags, tt.script, r, tt.status)
		}
	}
}

// A gang that cannot be started again: the rank that failed is named, and those
// whose turn never came are neither running nor failures.
func TestTorchrunStartFailure(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	script := writeFile(t, w.path("script"), `#!/bin/sh
touch up.$RANK
[ $RANK = 0 ] || exec sleep 1000
until [ -e up.1 ] && [ -e up.2 ]; do sleep 0.01; done
rm $0
exit 1
`, 0o700)
	r := w.torchrun("--nproc-per-node", "3", "--max-restarts", "1", "--no-python", script)
	r.says(t, 1, "failed in attempt 2: rank 0 could not be started", "stopped because of rank 0: 1-2\n")
	if strings.Contains(r.stderr, "still running") {
		t.Errorf("nothing runs any more:\n%s", r.stderr)
	}
	rec := w.ps()[0]
	if rec.Result == nil || rec.Result.First == nil || rec.Workers[*rec.Result.First].Rank != 0 || len(rec.Workers) != 3 {
		t.Fatalf("%+v", rec)
	}
	for rank, cause := range []string{"", "peer", "peer"} {
		if o := rec.Workers[rank]; o.Kind != "start-failed" || o.Cause != cause {
			t.Errorf("rank %d: %+v", rank, o)
		}
	}
}

// Checklist 93: null says nothing, console prints events, beside the output.
func TestTorchrunEventLogHandler(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	if r := w.torchrunSh("echo out; echo err >&2", "--event-log-handler", "null"); r.status != 0 || r.stdout != "out\n" || r.stderr != "err\n" {
		t.Errorf("null: %+v", r)
	}
	r := w.torchrunSh("echo out; echo err >&2", "--event-log-handler", "console")
	types := ""
	for line := range strings.Lines(r.stderr) {
		var e struct{ Type string }
		if line == "err\n" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		types += e.Type + " "
	}
	if r.status != 0 || r.stdout != "out\n" || !strings.Contains(r.stderr, "err\n") || types != "run_started worker_started worker_ended run_ended " {
		t.Errorf("console: %+v has events %s", r, types)
	}
}
