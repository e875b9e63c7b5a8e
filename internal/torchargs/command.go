package torchargs

import "strings"

// Command is what every worker executes, with the interpreter py where it needs
// one. Macros are not expanded yet: see job.ExpandCommand.
func (a *Args) Command(py string) []string {
	var c []string
	switch {
	case a.RunPath: // stronger than the other two
		c = []string{py, "-u"}
	case a.NoPython:
	case a.Module:
		c = []string{py, "-u", "-m"}
	default:
		c = []string{py, "-u"}
	}
	c = append(c, a.Script)
	return append(c, a.ScriptArgs...)
}

// NeedsPython tells whether Command needs an interpreter.
func (a *Args) NeedsPython() bool { return a.RunPath || !a.NoPython }

// Interpreter finds the Python for the workers: $PYTHON_EXEC, which is taken as
// it is, then the one of an active virtual environment or of conda, then python3
// and python in PATH. torchrun uses the interpreter it runs in, which is one of
// these.
//
// getenv is as os.LookupEnv, executable tells whether a path can be executed,
// lookPath is as exec.LookPath.
func Interpreter(getenv func(string) (string, bool), executable func(path string) bool, lookPath func(name string) (string, error)) (string, error) {
	if py, _ := getenv("PYTHON_EXEC"); py != "" {
		return py, nil
	}
	tried := []string{"$PYTHON_EXEC (not set)"}
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		dir, _ := getenv(variable)
		if dir == "" {
			tried = append(tried, "$"+variable+" (not set)")
			continue
		}
		py := strings.TrimSuffix(dir, "/") + "/bin/python"
		if executable(py) {
			return py, nil
		}
		tried = append(tried, py+" (from $"+variable+")")
	}
	for _, name := range []string{"python3", "python"} {
		if py, err := lookPath(name); err == nil {
			return py, nil
		}
		tried = append(tried, name+" in PATH")
	}
	return "", usagef("set PYTHON_EXEC to an interpreter, or use --no-python for a script that needs none",
		"finding a Python interpreter: there is none; tried %s", strings.Join(tried, ", "))
}
