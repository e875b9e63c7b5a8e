package testpeer

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user who owns nothing.
const nobody = 65534

// AsNobody has the test run once more, as the user nobody, if this one is root's, and
// tells whether it did: the test returns then, and has failed if that one has.
func AsNobody(t testing.TB) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	// By a descriptor: the folders above the program may be closed to others.
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command("/proc/self/fd/3", "-test.run=^"+top+"$", "-test.v", "-test.timeout=2m")
	cmd.Dir, cmd.ExtraFiles = "/", []*os.File{self}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+top)) {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
	return true
}
