package remote

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unicode"

	"github.com/sluicerun/sluice/job"
)

// Command is the hidden subcommand of the process on a host.
const Command = "__node"

// SplitCommand splits a command as a shell does, with its quotes and backslashes and
// nothing else.
func SplitCommand(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	var quote rune
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case unicode.IsSpace(r):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("a quote is not closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("it is empty")
	}
	return words, nil
}

// sshOptions come after those that the user gave, which count: ssh takes the first.
// Nobody is there to type a password, and a host that was switched off is noticed.
var sshOptions = []string{"-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15"}

// ssh is the command that runs a shell on a host and feeds it. It leads a process
// group of its own: ^C is for us, who tell the nodes, and would take the connection
// along.
type ssh struct {
	*exec.Cmd

	mu     sync.Mutex
	reaped bool // its process group may be somebody else's
}

func newSSH(words []string, host string) *ssh {
	args := append([]string(nil), words[1:]...)
	if filepath.Base(words[0]) == "ssh" {
		args = append(args, sshOptions...)
	}
	// All shells that people have at login understand this word.
	c := &ssh{Cmd: exec.Command(words[0], append(args, host, "sh")...)}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// kill ends ssh, and what it started to get through. One that never started, or has
// been waited for, is left alone.
func (c *ssh) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Process != nil && !c.reaped {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	}
}

// Wait is Cmd's.
func (c *ssh) Wait() error {
	err := c.Cmd.Wait()
	c.mu.Lock()
	c.reaped = true
	c.mu.Unlock()
	return err
}

// how is the way in which ssh ended, after what Wait returned.
func (c *ssh) how(err error) string {
	ps := c.ProcessState
	if ps == nil {
		return "failed: " + err.Error()
	}
	if ws, ok := ps.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return "was killed by " + job.Signal(ws.Signal()).String()
	}
	return fmt.Sprintf("ended with exit status %d", ps.ExitCode())
}

// boot is the script for the shell on a host: it becomes sluice. own is our own path,
// which is good there if it is of our version; given is what the user named instead.
// With something to do, sluice is of our version or the status is that of bad usage;
// without, its hello tells.
//
// The shell has read all of it before it does any of it, and nothing follows before
// the answer: so it cannot read what is for sluice.
func boot(own, version, given string, do ...string) string {
	var b strings.Builder
	b.WriteString("{ ")
	command := Command
	for _, word := range do {
		command += " " + shellWord(word)
	}
	same := fmt.Sprintf("[ \"$(\"$p\" %s version </dev/null 2>/dev/null)\" = %s ]", Command, shellWord(version))
	if given == "" {
		given = "sluice"
		if own != "" {
			fmt.Fprintf(&b, "p=%s; if [ -x \"$p\" ] && %s; then exec \"$p\" %s; fi; ", shellWord(own), same, command)
		}
	}
	fmt.Fprintf(&b, "p=%s; command -v \"$p\" >/dev/null 2>&1 || exit %d; ", shellWord(given), job.StatusNotFound)
	if len(do) > 0 {
		fmt.Fprintf(&b, "%s || exit %d; ", same, job.StatusUsage)
	}
	fmt.Fprintf(&b, "exec \"$p\" %s; }\n", command)
	return b.String()
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
