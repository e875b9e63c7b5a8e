package testpeer

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// fakeTB notes how the test on it ended.
type fakeTB struct {
	testing.TB
	end string
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.end = "failed: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (f *fakeTB) Skipf(format string, args ...any) {
	f.end = "skipped: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func try(do func(testing.TB)) string {
	f := &fakeTB{end: "went on"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(f)
	}()
	<-done
	return f.end
}

func TestNeed(t *testing.T) {
	there, missing := func(f testing.TB) { Need(f, "sh", "dash") }, func(f testing.TB) { Need(f, "no-such-tool", "no-such-package") }
	const why = "needs no-such-tool: apt-get install no-such-package"
	for strict, want := range map[string]string{"": "skipped: ", "0": "skipped: ", "1": "failed: "} {
		t.Setenv(StrictEnv, strict)
		if got := try(missing); got != want+why {
			t.Errorf("%s=%s: %s", StrictEnv, strict, got)
		}
		if got := try(there); got != "went on" {
			t.Errorf("%s=%s: %s", StrictEnv, strict, got)
		}
	}
}

func TestNeedPython(t *testing.T) {
	t.Setenv(StrictEnv, "1")
	want := "failed: needs Python's no_such_module: apt-get install no-such-package"
	if got := try(func(f testing.TB) { NeedPython(f, "no_such_module", "no-such-package") }); got != want {
		t.Error(got)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		want = "failed: needs Python's json: apt-get install python3"
	} else {
		want = "went on"
	}
	if got := try(func(f testing.TB) { NeedPython(f, "json", "python3") }); got != want {
		t.Error(got)
	}
}

func TestNeedRoot(t *testing.T) {
	t.Setenv(StrictEnv, "1")
	want := "went on"
	if os.Geteuid() != 0 {
		want = "skipped: needs root: mount a tmpfs"
	}
	if got := try(func(f testing.TB) { NeedRoot(f, "mount a tmpfs") }); got != want {
		t.Error(got)
	}
}
