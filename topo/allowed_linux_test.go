package topo

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/job"
)

// The kernel shows the mask in the status file as well.
func TestAllowed(t *testing.T) {
	runtime.LockOSThread() // the mask is the thread's
	status := func() string {
		data, err := os.ReadFile("/proc/thread-self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(data), "Cpus_allowed_list:")
		line, _, _ := strings.Cut(rest, "\n")
		return cpuList(t, line).String()
	}
	before, err := Allowed()
	if err != nil || before.IsZero() || before.String() != status() {
		t.Fatalf("%q, %v; the kernel's list is %q", before, err, status())
	}
	// The thread is not unlocked: it ends with the test, and its mask with it.
	set := unix.NewCPUSet(job.MaxCPU + 1)
	set.Set(before.Max())
	if err := unix.SchedSetaffinityDynamic(0, set); err != nil {
		t.Fatal(err)
	}
	after, err := Allowed()
	if err != nil || !after.Equal(job.CPUs(before.Max())) || after.String() != status() {
		t.Errorf("%q, %v; the kernel's list is %q", after, err, status())
	}
}
