package pty

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxComm is what the kernel keeps of a program's name, TASK_COMM_LEN less the
// zero at the end.
const maxComm = 15

// ForegroundCommand names the program that the process group runs, as ps does:
// "vim", "bash". procRoot is where procfs is mounted, mostly "/proc", and group a
// number of that pid namespace ([State].Foreground for our own).
//
// It is the leader's name; when the leader has ended, that of the group's oldest
// process. The error is os.ErrNotExist when the group has no process (any more).
func ForegroundCommand(group int, procRoot string) (string, error) {
	p, err := readMember(procRoot, group)
	if err == nil && p.group == group && !p.dead {
		return fullName(procRoot, group, p.name), nil
	}
	names, err := listDir(procRoot)
	if err != nil {
		return "", fmt.Errorf("naming the foreground program: %w", err)
	}
	best, found := member{}, false
	pid := 0
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p, err := readMember(procRoot, n)
		if err != nil || p.group != group || p.dead {
			continue
		}
		if !found || p.start < best.start {
			best, found, pid = p, true, n
		}
	}
	if !found {
		return "", fmt.Errorf("naming the foreground program: process group %d: %w", group, os.ErrNotExist)
	}
	return fullName(procRoot, pid, best.name), nil
}

func listDir(path string) ([]string, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// fullName is the name, which the kernel may have cut, as the command line has
// it.
func fullName(procRoot string, pid int, name string) string {
	if len(name) < maxComm {
		return name
	}
	line, err := os.ReadFile(filepath.Join(procRoot, strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return name
	}
	// A script's name is the second word, behind its interpreter.
	for i, word := range bytes.SplitN(line, []byte{0}, 3) {
		if base := filepath.Base(string(word)); i < 2 && strings.HasPrefix(base, name) {
			return base
		}
	}
	return name
}

// member is what /proc/<pid>/stat says about a process (proc_pid_stat(5)).
type member struct {
	name   string
	parent int
	group  int
	start  uint64 // clock ticks since boot
	dead   bool   // a zombie, or ending
}

func readMember(procRoot string, pid int) (member, error) {
	if pid <= 0 {
		return member{}, os.ErrNotExist
	}
	text, err := os.ReadFile(filepath.Join(procRoot, strconv.Itoa(pid), "stat"))
	if err != nil {
		return member{}, err
	}
	return parseMember(text)
}

// parseMember: the name stands in parentheses and may itself hold anything,
// parentheses and newlines included.
func parseMember(text []byte) (member, error) {
	open, shut := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return member{}, errors.New("no name in a process's stat")
	}
	f := strings.Fields(string(text[shut+1:])) // f[0] is field 3 of the manual page
	if len(f) < 20 {
		return member{}, errors.New("too few fields in a process's stat")
	}
	m := member{name: string(text[open+1 : shut]), dead: f[0] == "Z" || f[0] == "X" || f[0] == "x"}
	var errs [3]error
	m.parent, errs[0] = strconv.Atoi(f[1])
	m.group, errs[1] = strconv.Atoi(f[2])
	m.start, errs[2] = strconv.ParseUint(f[19], 10, 64)
	if err := errors.Join(errs[:]...); err != nil {
		return member{}, fmt.Errorf("a process's stat: %w", err)
	}
	return m, nil
}
