package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// Func is a worker that is a Go function. Its value is stored as JSON in
// Result.Values by rank. An error or a panic makes the worker exit with status
// 1 and leaves its text, with the stack, in the worker's error.json.
//
// ctx does not end: as with any program, the stop signal ends the process. A
// function that has to tidy up asks for it by signal.NotifyContext(ctx, ...).
type Func func(ctx context.Context, arg json.RawMessage) (any, error)

// The registry is written before Init and only read afterwards.
var (
	funcsMu sync.Mutex
	funcs   = map[string]Func{}
)

const (
	funcEnv    = "_SLUICE_FUNC"
	funcArgEnv = "_SLUICE_FUNC_ARG"
	valueEnv   = "_SLUICE_VALUE_FILE"
	errorEnv   = "_SLUICE_ERROR_FILE"
	valueFile  = "value.json"
)

// Register names a function that workers can be. It must happen before Init,
// in the launching program and in the worker alike, and panics on a name that
// is taken: that is a mistake in the program, not in its input.
func Register(name string, f Func) {
	funcsMu.Lock()
	defer funcsMu.Unlock()
	if name == "" || f == nil || funcs[name] != nil {
		panic(fmt.Sprintf("launch.Register: %q is empty, nil or taken", name))
	}
	funcs[name] = f
}

// Init runs the worker's function, if this process is a worker, and then never
// returns. Call it first thing in main (or TestMain), after every Register.
func Init() {
	proc.MaybeStage()
	name, ok := os.LookupEnv(funcEnv)
	if !ok {
		return
	}
	os.Exit(runFunc(name))
}

func runFunc(name string) (status int) {
	arg := json.RawMessage(os.Getenv(funcArgEnv))
	value, errFile := os.Getenv(valueEnv), os.Getenv(errorEnv)
	for _, k := range []string{funcEnv, funcArgEnv, valueEnv, errorEnv} {
		os.Unsetenv(k) // the function's own children are no workers
	}
	fail := func(message, stack string) int {
		fmt.Fprintln(os.Stderr, message)
		if stack != "" {
			fmt.Fprint(os.Stderr, stack)
		}
		writeErrorFile(errFile, message, stack)
		return 1
	}
	running := false
	defer func() {
		if p := recover(); p != nil {
			status = fail(fmt.Sprintf("panic: %v", p), string(debug.Stack()))
		} else if running { // without main's goroutine the process would stay, and nobody would end it
			os.Exit(fail("the function ended its goroutine (runtime.Goexit) and returned nothing", string(debug.Stack())))
		}
	}()
	funcsMu.Lock()
	f := funcs[name]
	funcsMu.Unlock()
	if f == nil {
		return fail(fmt.Sprintf("no function %q is registered in this program; it has: %s", name, funcNames()), "")
	}
	if len(arg) == 0 {
		arg = nil
	}
	running = true
	v, err := f(context.Background(), arg)
	running = false
	if err != nil {
		return fail(err.Error(), "")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fail(fmt.Sprintf("the value of %q cannot be stored: %v", name, err), "")
	}
	// In one step: a half-written value is none.
	if err = os.WriteFile(value+".new", b, 0o600); err == nil {
		err = os.Rename(value+".new", value)
	}
	if err != nil {
		return fail(fmt.Sprintf("storing the value of %q: %v", name, err), "")
	}
	return 0
}

// writeErrorFile writes the shape that torch's @record writes, so that one
// reader serves both.
func writeErrorFile(path, message, stack string) {
	if path == "" {
		return
	}
	var e struct {
		Message struct {
			Message   string `json:"message"`
			ExtraInfo struct {
				Callstack string `json:"py_callstack"`
				Timestamp string `json:"timestamp"`
			} `json:"extraInfo"`
		} `json:"message"`
	}
	e.Message.Message = message
	e.Message.ExtraInfo.Callstack = stack
	e.Message.ExtraInfo.Timestamp = fmt.Sprint(time.Now().Unix())
	if b, err := json.Marshal(e); err == nil {
		os.WriteFile(path, b, 0o600)
	}
}

func funcNames() string {
	funcsMu.Lock()
	defer funcsMu.Unlock()
	var names []string
	for n := range funcs {
		names = append(names, n)
	}
	sort.Strings(names)
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// resolveFunc makes this program the workers' command.
func (h *Handle) resolveFunc() error {
	funcsMu.Lock()
	known := funcs[h.spec.Func] != nil
	funcsMu.Unlock()
	if !known {
		return &job.UsageError{Field: "func", Value: h.spec.Func, Why: "is not registered", Hint: "registered: " + funcNames()}
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program to start it again: %w", err)
	}
	h.path, h.args = exe, []string{exe}
	return nil
}

// workerEnv adds what a function worker needs to know.
func (h *Handle) workerEnv(env []string, w *worker) []string {
	if h.spec.Func == "" {
		return env
	}
	return append(env, funcEnv+"="+h.spec.Func, funcArgEnv+"="+string(h.spec.FuncArg),
		valueEnv+"="+filepath.Join(w.dir, valueFile), errorEnv+"="+filepath.Join(w.dir, "error.json"))
}

// collectValues reads what function workers returned.
func (h *Handle) collectValues() {
	if h.spec.Func == "" {
		return
	}
	h.result.Values = make([]json.RawMessage, len(h.workers))
	for i, w := range h.workers {
		if w == nil {
			continue
		}
		if b, err := os.ReadFile(filepath.Join(w.dir, valueFile)); err == nil && json.Valid(b) {
			h.result.Values[i] = b
		}
	}
}
