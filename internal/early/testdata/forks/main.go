// Command forks says on stderr, a line of JSON for each, what its process and that of
// its agent are.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/early"
)

type process struct {
	Args, Env   []string
	PID, Parent int
	Session     int
	CommandLine string
	Forked      bool   // and has executed nothing
	Random      uint64 // what Go draws first
	Inherited   []string
	Link        string // what came over it
	Agent       int
}

func main() {
	p := process{Args: os.Args, Env: os.Environ(), PID: os.Getpid(), Parent: os.Getppid(), Random: rand.Uint64()}
	p.Session, _ = unix.Getsid(0)
	b, _ := os.ReadFile("/proc/self/cmdline")
	p.CommandLine = string(b)
	b, _ = os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(b[strings.LastIndex(string(b), ")")+1:]))
	flags, _ := strconv.Atoi(fields[6])
	p.Forked = flags&0x40 != 0
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, "/etc/") {
			p.Inherited = append(p.Inherited, filepath.Base(fd))
		}
	}
	link := 3
	if len(os.Args) != 2 || os.Args[1] != early.Agent {
		started := early.Take()
		if started == nil {
			fmt.Fprintln(os.Stderr, "nothing was started")
			os.Exit(1)
		}
		p.Agent, link = started.PID, started.Link
	}
	// Each waits until the other has sent.
	_ = unix.SetNonblock(link, false)
	_, err := unix.Write(link, []byte(strconv.Itoa(p.PID)))
	buf := make([]byte, 64)
	n := 0
	if err == nil {
		n, err = unix.Read(link, buf)
	}
	if err != nil {
		p.Link = err.Error()
	} else {
		p.Link = string(buf[:n])
	}
	if p.Agent != 0 {
		_, _ = unix.Wait4(p.Agent, nil, 0, nil)
	}
	out, _ := json.Marshal(p)
	fmt.Fprintln(os.Stderr, string(out))
}
