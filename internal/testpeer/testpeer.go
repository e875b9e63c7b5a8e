// Package testpeer tells tests whether the real thing they compare themselves
// with is there: another program, root's rights, a kernel feature.
//
// Outside of CI a test whose peer is missing is skipped by name. With
// SLUICE_TEST_STRICT=1, which `make test` sets, it fails instead, so that a
// machine that lacks something cannot pass by testing less. Only root's rights
// are excepted: nobody is asked to run tests as root.
package testpeer

import (
	"os"
	"os/exec"
	"testing"
)

// StrictEnv names the variable that turns skips into failures.
const StrictEnv = "SLUICE_TEST_STRICT"

// Strict tells whether a missing peer is a failure.
func Strict() bool {
	switch os.Getenv(StrictEnv) {
	case "", "0":
		return false
	}
	return true
}

// Need returns the path of the program tool, which the Debian package pkg
// installs. Without it the test is skipped, or fails when strict.
func Need(t testing.TB, tool, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		Missing(t, "needs %s: apt-get install %s", tool, pkg)
	}
	return path
}

// NeedPython returns the path of a Python that can import module, which the
// Debian package pkg installs.
func NeedPython(t testing.TB, module, pkg string) string {
	t.Helper()
	// Debian's packages are seen by Debian's Python only, which need not be the
	// first one in PATH.
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(python)
		if err != nil {
			continue
		}
		if exec.Command(path, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)", module).Run() == nil {
			return path
		}
	}
	Missing(t, "needs Python's %s: apt-get install %s", module, pkg)
	return ""
}

// NeedRoot skips the test unless it runs as root, strict or not. why says what
// needs the rights ("mount a small tmpfs").
func NeedRoot(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("needs root: %s", why)
	}
}

// Missing skips the test for a reason of its own (a kernel without a feature),
// or fails it when strict.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if Strict() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
