package adopt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// toolTime is how long a terminal's own program may take to answer. A server that is
// stopped does not.
const toolTime = 5 * time.Second

// tool is a terminal's own program, run with the rights of whom the terminal belongs
// to: what listens there is a program of that user's, and a root that obeys it would
// have given its rights away.
type tool struct {
	name, path string
	env        []string
	as         *syscall.Credential
}

func (e *emulator) tool(name string) *tool {
	t := &tool{name: name, env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TERM=dumb"}}
	t.path, _ = exec.LookPath(name)
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR"} {
		if v := e.env[name]; v != "" {
			t.env = append(t.env, name+"="+v)
		}
	}
	if os.Geteuid() == 0 && (e.owner.UID[1] != 0 || e.owner.GID[1] != 0) {
		t.as = &syscall.Credential{Uid: uint32(e.owner.UID[1]), Gid: uint32(e.owner.GID[1])}
		for _, g := range e.owner.Groups {
			t.as.Groups = append(t.as.Groups, uint32(g))
		}
	}
	return t
}

// run runs it to its end and returns what it prints. It has a session of its own, and
// so no terminal of ours, and no shell takes part in it.
func (t *tool) run(ctx context.Context, stdin []byte, args ...string) (string, error) {
	if t.path == "" {
		return "", fmt.Errorf("there is no %s in PATH", t.name)
	}
	quick, cancel := context.WithTimeoutCause(ctx, toolTime, errors.New("it does not answer"))
	defer cancel()
	cmd := exec.CommandContext(quick, t.path, args...)
	cmd.Env, cmd.Dir = t.env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: t.as}
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	err := cmd.Run()
	if err == nil {
		return out.String(), nil
	}
	if quick.Err() != nil {
		err = context.Cause(quick)
	}
	// Screen has its complaints on standard output.
	for _, text := range []string{said.String(), out.String()} {
		if line, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); line != "" {
			return "", fmt.Errorf("%s says: %s", t.name, line)
		}
	}
	return "", fmt.Errorf("%s: %w", t.name, err)
}
