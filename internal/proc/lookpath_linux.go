package proc

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// defaultPath is execvp's when the environment has no PATH.
const defaultPath = "/bin:/usr/bin"

// LookPath finds the file of a command as execvp does in a process with that
// environment and working directory: a name with a slash stands for itself, any
// other is searched in env's PATH, where an empty or relative entry is relative
// to dir. The result is absolute. The error is a *StartError.
func LookPath(name, dir string, env []string) (string, error) {
	if name == "" {
		return "", &StartError{Path: `""`, Dir: dir, Err: unix.ENOENT, Status: 127, Why: "the command is empty"}
	}
	if name[0] == '/' {
		return name, nil
	}
	base, err := absDir(dir)
	if err != nil {
		return "", &StartError{Path: name, Dir: dir, Err: errno(err), Status: 126, Why: "the current directory cannot be found: " + words(err)}
	}
	if strings.Contains(name, "/") {
		// Not cleaned: the ".." of a symbolic link is not the lexical one.
		return base + "/" + name, nil
	}
	path := pathOf(env)
	var denied string
	for _, d := range strings.Split(path, ":") {
		if d == "" {
			d = base
		} else if d[0] != '/' {
			d = base + "/" + d
		}
		file := strings.TrimSuffix(d, "/") + "/" + name
		st, err := os.Stat(file)
		switch {
		case err != nil:
			if errors.Is(err, unix.EACCES) && denied == "" {
				denied = file
			}
		case st.IsDir():
		case unix.Access(file, unix.X_OK) == nil:
			return file, nil
		case denied == "":
			denied = file
		}
	}
	if denied != "" {
		if e := inspectFile(denied, dir, 0); e != nil && e.Status == 126 {
			e.Path, e.Dir = denied, dir
			return "", e
		}
	}
	return "", notFound(name, dir, base, path)
}

func notFound(name, dir, base, path string) *StartError {
	e := &StartError{Path: name, Dir: dir, Err: unix.ENOENT, Status: 127,
		Why: fmt.Sprintf("command not found in PATH %q", path)}
	if st, err := os.Stat(base + "/" + name); err == nil && st.Mode().IsRegular() {
		e.Hint = fmt.Sprintf("there is a file of that name in the working directory: ./%s", name)
	}
	return e
}

// pathOf is the last PATH of env, as in a shell that had it laid over.
func pathOf(env []string) string {
	path := defaultPath
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			path = v
		}
	}
	return path
}

// absDir is dir, or our own directory, as an absolute path.
func absDir(dir string) (string, error) {
	if dir != "" && dir[0] == '/' {
		return strings.TrimSuffix(dir, "/"), nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if dir != "" {
		wd = strings.TrimSuffix(wd, "/") + "/" + dir
	}
	return strings.TrimSuffix(wd, "/"), nil
}
