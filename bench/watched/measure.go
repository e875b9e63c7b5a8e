package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

type measurement struct {
	name, rows     string
	labels, ready  [2]string
	rounds, writes int
	goal           result.Goal
	commands       [2][]string
}

// once is how many nanoseconds a write takes while command watches; nil: while none
// does.
func (m *measurement) once(command []string, ready string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	target := exec.Command(self, "write", fmt.Sprint(m.writes))
	in, err := target.StdinPipe()
	if err != nil {
		return 0, err
	}
	var said strings.Builder
	// The runtime would use splice for another pipe or file.
	target.Stdout, target.Stderr = struct{ io.Writer }{io.Discard}, &said
	if err := target.Start(); err != nil {
		return 0, err
	}
	defer target.Process.Kill()
	if command != nil {
		watcher, err := watch(command, target.Process.Pid, ready)
		if err != nil {
			return 0, err
		}
		defer watcher.Wait()
		defer watcher.Process.Signal(os.Interrupt)
	}
	fmt.Fprintln(in)
	if err := target.Wait(); err != nil {
		return 0, fmt.Errorf("the process that is watched: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(said.String()), 64)
}

// watch starts command and waits until it watches.
func watch(command []string, pid int, ready string) (*exec.Cmd, error) {
	args := make([]string, len(command))
	for i, arg := range command {
		args[i] = strings.ReplaceAll(arg, "{}", fmt.Sprint(pid))
	}
	cmd := exec.Command(args[0], args[1:]...)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	begun := make(chan bool, 1)
	go func() {
		defer r.Close()
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if strings.Contains(lines.Text(), ready) {
				begun <- true
				break
			}
		}
		close(begun)
		io.Copy(io.Discard, r)
	}()
	select {
	case ok := <-begun:
		if ok {
			return cmd, nil
		}
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
	}
	cmd.Wait()
	return nil, fmt.Errorf("%s did not say %q", strings.Join(args, " "), ready)
}
