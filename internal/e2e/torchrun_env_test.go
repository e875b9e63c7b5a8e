//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// newTorchWorld is a world in which nobody has decided anything for torchrun.
// OMP_NUM_THREADS is set, so that nothing is said about it.
func newTorchWorld(t *testing.T, env ...string) *world {
	t.Helper()
	w := newWorld(t)
	w.env = slices.DeleteFunc(w.env, func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		switch key {
		case "PYTHON_EXEC", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONUNBUFFERED", "CUDA_VISIBLE_DEVICES":
			return true
		}
		return strings.HasPrefix(key, "PET_") || strings.HasPrefix(key, "TORCH")
	})
	w.env = append(append(w.env, "OMP_NUM_THREADS=1"), env...)
	return w
}

// unset takes variables out of the world.
func (w *world) unset(keys ...string) {
	w.env = slices.DeleteFunc(w.env, func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return slices.Contains(keys, key)
	})
}

func (w *world) torchrun(args ...string) result {
	w.t.Helper()
	return w.run(append([]string{"torchrun"}, args...)...)
}

// torchrunSh is torchrun with workers that are a shell script.
func (w *world) torchrunSh(script string, flags ...string) result {
	w.t.Helper()
	return w.torchrun(append(flags, "--no-python", "sh", "-c", script)...)
}

// sortedLines makes the order in which ranks wrote not matter.
func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// unusedPort is a port that nobody listens on.
func unusedPort(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(testpeer.FreePorts(t, 1)[0])
}

// birth is what testdata/torchrun_env.py writes down.
type birth struct {
	Env     map[string]string
	Command []string
	Name    string
}

func births(t *testing.T, dir string, n int) []birth {
	t.Helper()
	all := make([]birth, n)
	for rank := range all {
		b, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(rank)+".json"))
		if err == nil {
			err = json.Unmarshal(b, &all[rank])
		}
		if err != nil {
			t.Fatalf("what rank %d was started with: %v", rank, err)
		}
	}
	if others, _ := filepath.Glob(filepath.Join(dir, "*")); len(others) != n {
		t.Errorf("there are %v instead of %d ranks", others, n)
	}
	return all
}

// Checklist 21, 23-26, 29, 35. The same script, with the same words on the
// command line, sees what it sees under the real torchrun. What differs is
// listed, and nothing else may.
func TestTorchrunGivesWhatTorchrunGives(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	bench, err := filepath.Abs("../../bench/torchrun113.py")
	if err != nil {
		t.Fatal(err)
	}
	differ := map[string]string{ // variable: why
		"TORCHELASTIC_ERROR_FILE":         "each has a directory of its own; the part below the run's is the same",
		"NCCL_ASYNC_ERROR_HANDLING":       "torchrun 1.13's; since 2.2 it has the name below",
		"TORCH_NCCL_ASYNC_ERROR_HANDLING": "torchrun's since 2.2",
		"PYTHONUNBUFFERED":                "torchrun's -u does not reach programs that the script starts",
		"SLUICE_RUN":                      "ours", "SLUICE_RANK": "ours", "SLUICE_ATTEMPT": "ours", "SLUICE_SOCKET": "ours",
	}
	w := newTorchWorld(t, "PYTHON_EXEC="+python, "RANK=77", "WORLD_SIZE=88", "TORCHELASTIC_RUN_ID=outer", "FROM_PARENT=two words", "PET_ROLE=trainer")
	inherited := map[string]string{}
	for _, kv := range w.env {
		k, v, _ := strings.Cut(kv, "=")
		inherited[k] = v
	}
	// changed is what a rank has that was not there, or not so.
	changed := func(b birth) map[string]string {
		m := maps.Clone(b.Env)
		maps.DeleteFunc(m, func(k, v string) bool {
			old, had := inherited[k]
			return k == "_" || had && old == v
		})
		return m
	}
	ask := func(dir string, start func(args ...string) result) []birth {
		w.mkdir(dir)
		r := start("--nproc_per_node", "2", "--monitor_interval", "0.1", "--max_restarts", "2", "--rdzv_id", "job7",
			"--master_port", unusedPort(t), testdata(t, "torchrun_env.py"), dir,
			"a b", "$local_rank", "${local_rank}x", "$$", "$other", "$local_rankx", "--nproc_per_node", "9", "--help")
		if r.status != 0 {
			t.Fatalf("%s: %+v", dir, r)
		}
		return births(t, dir, 2)
	}
	ours := ask(w.path("ours"), w.torchrun)
	theirs := ask(w.path("real"), func(args ...string) result { return w.command(python, append([]string{bench}, args...)...) })
	for rank := range 2 {
		o, r := changed(ours[rank]), changed(theirs[rank])
		file := fmt.Sprintf("/attempt_0/%d/error.json", rank)
		if !strings.HasSuffix(o["TORCHELASTIC_ERROR_FILE"], file) || !strings.HasSuffix(r["TORCHELASTIC_ERROR_FILE"], file) {
			t.Errorf("rank %d: TORCHELASTIC_ERROR_FILE is %q to us, %q to torchrun", rank, o["TORCHELASTIC_ERROR_FILE"], r["TORCHELASTIC_ERROR_FILE"])
		}
		for _, key := range []string{"MASTER_PORT"} { // two runs, two ports
			if n, err := strconv.Atoi(o[key]); err != nil || n < 1 {
				t.Errorf("rank %d: %s=%q", rank, key, o[key])
			}
			o[key], r[key] = "", ""
		}
		for key := range differ {
			if o[key] == r[key] {
				t.Errorf("rank %d: %s=%q is listed as a difference and is none", rank, key, o[key])
			}
			delete(o, key)
			delete(r, key)
		}
		if !maps.Equal(o, r) {
			t.Errorf("rank %d: ours\n%v\ntorchrun's\n%v", rank, o, r)
		}
		for _, key := range []string{"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "GROUP_WORLD_SIZE",
			"ROLE_NAME", "ROLE_RANK", "ROLE_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT",
			"TORCHELASTIC_MAX_RESTARTS", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_USE_AGENT_STORE"} {
			if _, ok := r[key]; !ok {
				t.Errorf("rank %d: torchrun did not set %s: the comparison compares nothing", rank, key)
			}
		}
		for key := range inherited {
			if ours[rank].Env[key] != theirs[rank].Env[key] {
				t.Errorf("rank %d: of its parent's %s=%q there is %q, with torchrun %q", rank, key, inherited[key], ours[rank].Env[key], theirs[rank].Env[key])
			}
		}
		// The interpreter, -u, the script, its arguments; but for the directory.
		oc, rc := slices.Clone(ours[rank].Command), slices.Clone(theirs[rank].Command)
		if len(oc) != len(rc) || len(oc) < 4 {
			t.Fatalf("rank %d: %q and %q", rank, oc, rc)
		}
		oc[3], rc[3] = "", ""
		if !equal(oc, rc) {
			t.Errorf("rank %d: ours\n%q\ntorchrun's\n%q", rank, oc, rc)
		}
	}
}

// Checklist 33-35. Two PyTorch processes meet in the agent's store, by either
// init method, after they have done so in an attempt before.
func TestTorchrunInitMethods(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	w := newTorchWorld(t, "PYTHON_EXEC="+python)
	port := unusedPort(t)
	r := w.torchrun("--nproc-per-node", "2", "--master-port", port, "--tee", "1", testdata(t, "torchrun_init.py"))
	const want = "[default0]:env 3\n[default0]:tcp 21\n[default1]:env 3\n[default1]:tcp 21\n"
	if r.status != 0 || sortedLines(r.stdout) != want {
		t.Errorf("got %+v", r)
	}
}

// Checklist 15, 35: where the workers are told to meet, and that somebody is
// there who speaks the store's protocol.
func TestTorchrunMaster(t *testing.T) {
	t.Parallel()
	// VALIDATE, then PING with a nonce, which comes back.
	const script = `import os, socket, struct
s = socket.create_connection((os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])), 10)
s.sendall(struct.pack("=BI", 0, 0x3C85F7CE) + struct.pack("=BI", 13, 4242))
answer, = struct.unpack("=I", s.recv(4, socket.MSG_WAITALL))
print(os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"], answer, os.environ["TORCHELASTIC_USE_AGENT_STORE"])
`
	python := testpeer.Need(t, "/usr/bin/python3", "python3")
	port := unusedPort(t)
	for _, tt := range []struct{ flags, want string }{
		{"", `127\.0\.0\.1 \d+ 4242 True`},
		{"--standalone --master-port 29500", `127\.0\.0\.1 \d+ 4242 True`},
		{"--master-port " + port, `127\.0\.0\.1 ` + port + ` 4242 True`},
		{"--rdzv-endpoint localhost:" + port, `localhost ` + port + ` 4242 True`},
		{"--master-addr 127.0.0.2 --master-port " + port, `127\.0\.0\.2 ` + port + ` 4242 True`},
		{"--local-addr 127.0.0.3", `127\.0\.0\.3 \d+ 4242 True`},
		{"--rdzv-backend c10d --rdzv-endpoint localhost:0", `127\.0\.0\.1 \d+ 4242 True`},
	} {
		w := newTorchWorld(t, "PYTHON_EXEC="+python, "MASTER_ADDR=nowhere.invalid", "MASTER_PORT=1")
		r := w.torchrun(append(strings.Fields(tt.flags), writeFile(t, w.path("ask.py"), script, 0o600))...)
		if r.status != 0 || !regexp.MustCompile("^"+tt.want+"\n$").MatchString(r.stdout) || strings.Contains(tt.want, `\d+`) && strings.Contains(r.stdout, " 29500 ") {
			t.Errorf("%s: %+v instead of %s", tt.flags, r, tt.want)
		}
	}
	w := newTorchWorld(t, "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1")
	if r := w.torchrunSh(`echo $TORCHELASTIC_USE_AGENT_STORE $MASTER_ADDR`); r.stdout != "False 127.0.0.1\n" {
		t.Errorf("without the agent's store: %+v", r)
	}
}

// Checklist 15: the port is new in each attempt, so that nobody meets the store
// of those who failed.
func TestTorchrunAttemptsHaveStoresOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	r := w.torchrunSh(`echo $TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS > count; echo $MASTER_PORT >> ports; exit $((2 - $TORCHELASTIC_RESTART_COUNT))`,
		"--max-restarts", "2")
	ports, _ := os.ReadFile(w.path("ports"))
	all := strings.Fields(string(ports))
	if slices.Sort(all); r.status != 0 || len(all) != 3 || len(slices.Compact(all)) != 3 {
		t.Errorf("%+v, ports %q", r, ports)
	}
	if count, _ := os.ReadFile(w.path("count")); string(count) != "2 of 2\n" {
		t.Errorf("the last attempt was told %q", count)
	}
}

// Checklist 26, 27.
func TestTorchrunThreads(t *testing.T) {
	t.Parallel()
	share := fmt.Sprint(max(1, runtime.NumCPU()/2)) // the tests may use what sluice may
	for _, tt := range []struct{ env, flags, want, says string }{
		{"", "--nproc-per-node 2", "1", "OMP_NUM_THREADS is 1 for each of the 2 workers"},
		{"", "--nproc-per-node 1", "unset", ""},
		{"OMP_NUM_THREADS=7", "--nproc-per-node 2", "7", ""},
		{"OMP_NUM_THREADS=", "--nproc-per-node 2", "", ""},
		{"OMP_NUM_THREADS=auto", "--nproc-per-node 2", share, ""},
		{"OMP_NUM_THREADS=auto", "", fmt.Sprint(runtime.NumCPU()), ""},
		{"", "--nproc-per-node 2 --env OMP_NUM_THREADS=5", "5", ""},
		{"", "--nproc-per-node 2 --quiet", "1", ""},
	} {
		w := newTorchWorld(t)
		w.unset("OMP_NUM_THREADS")
		if tt.env != "" {
			w.env = append(w.env, tt.env)
		}
		r := w.torchrunSh(`[ $RANK = 0 ] && echo "${OMP_NUM_THREADS-unset}"; exit 0`, strings.Fields(tt.flags)...)
		if r.status != 0 || r.stdout != tt.want+"\n" || !strings.Contains(r.stderr, tt.says) || (tt.says == "") != (r.stderr == "") {
			t.Errorf("%s %s: %+v instead of %q", tt.env, tt.flags, r, tt.want)
		}
	}
	for env, want := range map[string]string{"FOO=1": "1\n", "TORCH_NCCL_ASYNC_ERROR_HANDLING=3": "3\n"} {
		w := newTorchWorld(t, env)
		if r := w.torchrunSh(`echo $TORCH_NCCL_ASYNC_ERROR_HANDLING`); r.stdout != want {
			t.Errorf("%q: %+v", env, r)
		}
	}
}

// Checklist 28, 29: the macro stays the physical rank.
func TestTorchrunVirtualLocalRank(t *testing.T) {
	t.Parallel()
	const script = `echo $RANK: $LOCAL_RANK "$CUDA_VISIBLE_DEVICES" @${local_rank}`
	for _, tt := range []struct{ env, flags, want string }{
		{"", "--virtual-local-rank", "0: 0 0 @0\n1: 0 1 @1\n"},
		{"CUDA_VISIBLE_DEVICES=3, 5,7", "--virtual-local-rank", "0: 0 3 @0\n1: 0 5 @1\n"},
		{"CUDA_VISIBLE_DEVICES=GPU-ab,GPU-cd", "--virtual_local_rank", "0: 0 GPU-ab @0\n1: 0 GPU-cd @1\n"},
		{"CUDA_VISIBLE_DEVICES=3,5", "", "0: 0 3,5 @0\n1: 1 3,5 @1\n"},
		{"PET_VIRTUAL_LOCAL_RANK=1", "", "0: 0 0 @0\n1: 0 1 @1\n"},
	} {
		w := newTorchWorld(t)
		if tt.env != "" {
			w.env = append(w.env, tt.env)
		}
		r := w.torchrunSh(script, append(strings.Fields(tt.flags), "--nproc-per-node", "2")...)
		if r.status != 0 || sortedLines(r.stdout) != tt.want {
			t.Errorf("%s %s: %+v instead of %q", tt.env, tt.flags, r, tt.want)
		}
	}
	w := newTorchWorld(t, "CUDA_VISIBLE_DEVICES=3")
	r := w.torchrunSh("touch started", "--virtual-local-rank", "--nproc-per-node", "2")
	r.says(t, 2, "--virtual-local-rank", "CUDA_VISIBLE_DEVICES=3", "2 workers", "hint: ")
	if _, err := os.Stat(w.path("started")); err == nil {
		t.Error("a worker was started")
	}
	w.noRuns("")
}

// Checklist 21, 22, 30: what is executed.
func TestTorchrunCommand(t *testing.T) {
	t.Parallel()
	python := testpeer.Need(t, "/usr/bin/python3", "python3")
	w := newTorchWorld(t, "PYTHON_EXEC="+python, "PYTHONDONTWRITEBYTECODE=1")
	dir := w.path("out")
	w.mkdir(dir)
	writeFile(t, w.path("mod.py"), `exec(open("`+testdata(t, "torchrun_env.py")+`").read())`, 0o600)
	born := func(args ...string) birth {
		t.Helper()
		r := w.torchrun(args...)
		if r.status != 0 {
			t.Fatalf("%q: %+v", args, r)
		}
		return births(t, dir, 1)[0]
	}
	for _, module := range []string{"-m", "--module"} {
		if b := born(module, "mod", dir, "-m"); !equal(b.Command, []string{python, "-u", "-m", "mod", dir, "-m"}) || b.Name != "__main__" {
			t.Errorf("%s: %q", module, b.Command)
		}
	}
	if b := born("--run-path", "--no-python", "mod.py", dir); !equal(b.Command, []string{python, "-u", "mod.py", dir}) {
		t.Errorf("--run-path: %q", b.Command)
	}
	// $PYTHON_EXEC, then the virtual environment, then PATH.
	w.unset("PYTHON_EXEC")
	venv := w.path("venv/bin")
	if err := os.MkdirAll(venv, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(python, filepath.Join(venv, "python")); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "VIRTUAL_ENV="+w.path("venv"))
	if b := born("mod.py", dir); !equal(b.Command, []string{venv + "/python", "-u", "mod.py", dir}) {
		t.Errorf("in a virtual environment: %q", b.Command)
	}
	w.unset("VIRTUAL_ENV", "PATH")
	w.env = append(w.env, "PATH="+w.path("nothing"))
	w.torchrun("mod.py").says(t, 2, "finding a Python interpreter", "PYTHON_EXEC")

	w = newTorchWorld(t)
	writeFile(t, w.path("train.sh"), "#!/bin/sh\necho script \"$@\"\n", 0o700)
	if r := w.torchrun("--no-python", "./train.sh", "-x", "y z"); r.status != 0 || r.stdout != "script -x y z\n" {
		t.Errorf("a shell script: %+v", r)
	}
	for _, name := range []string{"./missing", "missing-program", "./plain"} {
		writeFile(t, w.path("plain"), "", 0o600)
		mark := w.mark()
		logs := w.path("logs")
		w.torchrun("--nproc-per-node", "2", "--no-python", "--log-dir", logs, "--env", "MARK="+mark, name).
			says(t, 1, "sluice: starting ", strings.TrimPrefix(name, "./"))
		nothingRuns(t, mark)
		if ents, err := os.ReadDir(logs); err == nil && len(ents) > 0 {
			t.Errorf("%s left %v", name, ents)
		}
	}
}

// Checklist 91, 92.
func TestTorchrunServices(t *testing.T) {
	t.Parallel()
	const script = `echo "${TORCHELASTIC_TIMER_FILE-unset}"; [ -p "$TORCHELASTIC_TIMER_FILE" ] && echo fifo; exit 0`
	if r := newTorchWorld(t).torchrunSh(script); r.stdout != "unset\n" {
		t.Errorf("no timers: %+v", r)
	}
	if r := newTorchWorld(t, "TORCHELASTIC_TIMER_FILE=/its/own").torchrunSh(script); r.stdout != "/its/own\n" {
		t.Errorf("timers of the user's own: %+v", r)
	}
	w := newTorchWorld(t, "TORCHELASTIC_ENABLE_FILE_TIMER=1")
	r := w.torchrunSh(script)
	path, kind, _ := strings.Cut(r.stdout, "\n")
	if r.status != 0 || !filepath.IsAbs(path) || kind != "fifo\n" {
		t.Errorf("timers: %+v", r)
	}
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s is still there", path)
	}
	w.env = append(w.env, "TORCHELASTIC_TIMER_FILE="+w.path("timers"))
	if r := w.torchrunSh(script); r.stdout != w.path("timers")+"\nfifo\n" {
		t.Errorf("timers at a path: %+v", r)
	}

	port := unusedPort(t)
	w = newTorchWorld(t, "TORCHELASTIC_HEALTH_CHECK_PORT="+port)
	s := w.start("torchrun", "--no-python", "sh", "-c", "echo up; until [ -e go ]; do sleep 0.02; done")
	eventually(t, "the worker is up", func() bool { return strings.Contains(s.out.String(), "up\n") })
	resp, err := http.Get("http://127.0.0.1:" + port + "/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), w.ps()[0].ID) {
		t.Errorf("health: %s, %s", resp.Status, body)
	}
	writeFile(t, w.path("go"), "", 0o600)
	if st := s.end(); st != 0 {
		t.Errorf("exit status %d: %s", st, s.err)
	}
	w = newTorchWorld(t, "TORCHELASTIC_HEALTH_CHECK_PORT=http")
	w.torchrunSh("true").says(t, 2, "TORCHELASTIC_HEALTH_CHECK_PORT=http")
}
