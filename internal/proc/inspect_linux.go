package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Check tells before the start whether path can be executed in dir: both exist,
// the file is an executable one, and so is its #! interpreter or ELF loader. It
// costs a few system calls. The error is a *StartError.
func Check(path, dir string) error {
	if e := inspect(path, dir); e != nil {
		return e
	}
	return nil
}

// inspect looks for the reason why executing path in dir fails. Nil: none that
// can be seen from here.
func inspect(path, dir string) *StartError {
	e := inspectDir(dir)
	if e == nil {
		e = inspectFile(inDir(path, dir), dir, 0)
	}
	if e != nil {
		e.Path, e.Dir = path, dir
	}
	return e
}

// inDir is path as the child sees it after changing to dir.
func inDir(path, dir string) string {
	if dir == "" || path == "" || path[0] == '/' {
		return path
	}
	return dir + "/" + path
}

func inspectDir(dir string) *StartError {
	if dir == "" {
		return nil
	}
	st, err := os.Stat(dir)
	switch {
	case err != nil:
		return &StartError{Err: errno(err), Status: 126, Why: fmt.Sprintf("its working directory %s: %s", dir, words(err))}
	case !st.IsDir():
		return &StartError{Err: unix.ENOTDIR, Status: 126, Why: fmt.Sprintf("its working directory %s is not a directory", dir)}
	case unix.Access(dir, unix.X_OK) != nil:
		return &StartError{Err: unix.EACCES, Status: 126, Why: fmt.Sprintf("no permission to enter its working directory %s", dir)}
	}
	return nil
}

// maxInterpreters is how deep the kernel lets scripts be interpreters of
// scripts.
const maxInterpreters = 5

func inspectFile(full, dir string, depth int) *StartError {
	if depth > maxInterpreters {
		return &StartError{Err: unix.ELOOP, Status: 126, Interpreter: full, Why: "its interpreter is a script whose interpreter is a script, and so on, deeper than the kernel follows"}
	}
	st, err := os.Stat(full)
	if err != nil {
		status := 126
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			status = 127
		}
		return &StartError{Err: errno(err), Status: status, Why: words(err)}
	}
	if e := inspectMode(full, st); e != nil {
		return e
	}
	f, err := os.Open(full)
	if err != nil {
		return nil // executable and not readable is allowed
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	if s, ok := parseShebang(head); ok {
		return inspectInterpreter(full, dir, s, depth)
	}
	if info, ok := parseELF(f); ok {
		return inspectELF(info)
	}
	if !looksLikeText(head) {
		return &StartError{Err: unix.ENOEXEC, Status: 126, Why: "it is neither a program for this machine nor a script"}
	}
	return nil
}

func inspectMode(full string, st os.FileInfo) *StartError {
	switch {
	case st.IsDir():
		return &StartError{Err: unix.EACCES, Status: 126, Why: "it is a directory"}
	case !st.Mode().IsRegular():
		return &StartError{Err: unix.EACCES, Status: 126, Why: "it is not a regular file"}
	case unix.Access(full, unix.X_OK) == nil:
		return nil
	}
	var sfs unix.Statfs_t
	if unix.Statfs(full, &sfs) == nil && sfs.Flags&unix.ST_NOEXEC != 0 {
		return &StartError{Err: unix.EACCES, Status: 126, Why: "it lies on a file system that is mounted noexec"}
	}
	hint := ""
	if st.Mode()&0o111 == 0 {
		hint = "make it executable: chmod +x " + full
	}
	return &StartError{Err: unix.EACCES, Status: 126, Why: "no permission to execute it", Hint: hint}
}

// inspectInterpreter describes faults of the interpreter as such of the script.
func inspectInterpreter(full, dir string, s shebang, depth int) *StartError {
	e := inspectFile(inDir(s.interpreter, dir), dir, depth+1)
	if e == nil {
		return nil
	}
	if e.Err == unix.ELOOP {
		return e
	}
	if e.Interpreter == "" {
		e.Interpreter = s.interpreter
		e.Why = fmt.Sprintf("its interpreter %q: %s", s.interpreter, e.Why)
		e.Hint = fmt.Sprintf("its first line is %q", s.line)
	}
	if s.crlf() {
		e.Hint = `its first line ends in a carriage return (DOS line ends): sed -i 's/\r$//' ` + full
	}
	return e
}

func inspectELF(info elfInfo) *StartError {
	if info.loader != "" {
		if _, err := os.Stat(info.loader); err != nil && info.machine == ownMachine() {
			return &StartError{Err: errno(err), Status: 127, Interpreter: info.loader,
				Why:  fmt.Sprintf("its loader %s: %s", info.loader, words(err)),
				Hint: "it was built for another C library: install that, or build it statically"}
		}
	}
	return nil
}

// explainELF says why the kernel did not take an ELF file for a program.
func explainELF(full string) string {
	f, err := os.Open(full)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, ok := parseELF(f)
	switch {
	case !ok:
		return ""
	case info.machine != ownMachine():
		return fmt.Sprintf("it is built for %s, this machine is %s", elfMachine(info.machine), elfMachine(ownMachine()))
	}
	return "it is damaged, or no program but a library or an object file"
}

// ownMachine is the e_machine of our own architecture.
func ownMachine() uint16 {
	switch runtime.GOARCH {
	case "amd64":
		return 62
	case "arm64":
		return 183
	case "386":
		return 3
	case "arm":
		return 40
	case "ppc64", "ppc64le":
		return 21
	case "s390x":
		return 22
	case "riscv64":
		return 243
	case "loong64":
		return 258
	}
	return 0
}

// isText tells whether /bin/sh may be given the file.
func isText(full string) bool {
	f, err := os.Open(full)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := f.ReadAt(head, 0)
	return looksLikeText(head[:n])
}

// errno digs out the kernel's answer.
func errno(err error) error {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

// words is the kernel's answer in words, without the path that the sentence
// around it names already.
func words(err error) string { return errno(err).Error() }
