//go:build linux || darwin

package attach

import (
	"fmt"
	"os/exec"
	"syscall"
)

// runShell runs a command of the keymap. The shell that is waited for only puts
// another into the background; in a session of its own, so that it neither reads
// the terminal nor is stopped with us.
func (c *client) runShell(command string) {
	if c.o.RunShell != nil {
		c.o.RunShell(command)
		return
	}
	cmd := exec.Command("sh", "-c", `sh -c "$1" </dev/null >/dev/null 2>&1 &`, "sh", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Run(); err != nil {
		c.notify(fmt.Sprintf("running %q: %v", command, err))
	}
}
