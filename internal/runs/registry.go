package runs

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

const idLetters = "abcdefghijkmnpqrstuvwxyz23456789" // 32 letters, none like another

// NewID is name, "-" and six random characters.
func NewID(name string) string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = idLetters[b[i]%32]
	}
	return name + "-" + string(b[:])
}

// StateDir is where sluice keeps runs: $XDG_STATE_HOME/sluice, else
// ~/.local/state/sluice, else a directory of this user's under the temp dir.
func StateDir() string {
	if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "sluice")
	}
	if h, err := os.UserHomeDir(); err == nil && filepath.IsAbs(h) {
		return filepath.Join(h, ".local", "state", "sluice")
	}
	return filepath.Join(os.TempDir(), "sluice-"+strconv.Itoa(os.Getuid()), "state")
}

// SocketDir is a 0700 directory of this user's for control sockets.
func SocketDir() (string, error) {
	d := os.Getenv("XDG_RUNTIME_DIR")
	if filepath.IsAbs(d) {
		d = filepath.Join(d, "sluice")
		if os.MkdirAll(d, 0o700) == nil && ownDir(d) == nil {
			return d, nil
		}
	}
	d = filepath.Join(os.TempDir(), "sluice-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(d, 0o700); err != nil {
		return "", fmt.Errorf("making the control socket's directory: %w", err)
	}
	// The temp dir is everybody's: somebody else may have made it first.
	if err := ownDir(d); err != nil {
		return "", fmt.Errorf("using %s for control sockets: %w", d, err)
	}
	return d, nil
}

func ownDir(d string) error {
	fi, err := os.Lstat(d)
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	switch {
	case !fi.IsDir():
		return errors.New("it is not a directory")
	case ok && int(st.Uid) != os.Getuid():
		return errors.New("it belongs to somebody else; set XDG_RUNTIME_DIR to a directory of your own")
	case fi.Mode().Perm()&0o077 != 0:
		return os.Chmod(d, 0o700)
	}
	return nil
}

// Create makes the directory of a new run below logDir (the default place if
// empty) and returns its id and absolute path.
func Create(name, logDir string) (id, dir string, err error) {
	own := logDir == ""
	if own {
		logDir = filepath.Join(StateDir(), "runs")
	}
	if logDir, err = filepath.Abs(logDir); err != nil {
		return "", "", fmt.Errorf("log dir: %w", err)
	}
	if err := os.MkdirAll(logDir, 0o700); err != nil {
		return "", "", logDirError(logDir, err)
	}
	for range 100 {
		id = NewID(name)
		dir = filepath.Join(logDir, id)
		err = os.Mkdir(dir, 0o700)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", "", logDirError(logDir, err)
	}
	if !own {
		link(id, dir)
	}
	return id, dir, nil
}

// CreateAs makes the directory of a run that has an id already, in the default place,
// and returns its absolute path.
func CreateAs(id string) (dir string, err error) {
	base := filepath.Join(StateDir(), "runs")
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", fmt.Errorf("making the run's directory: %w", err)
	}
	dir = filepath.Join(base, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the run's directory: %w", err)
	}
	return dir, nil
}

// link makes a run with its own log dir findable. Failing is not fatal: the
// run's directory can still be named by its path.
func link(id, dir string) {
	index := filepath.Join(StateDir(), "index")
	if os.MkdirAll(index, 0o700) == nil {
		os.Symlink(dir, filepath.Join(index, id))
	}
}

func logDirError(dir string, err error) error {
	var why string
	switch {
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return &job.UsageError{Field: "log-dir", Value: dir, Why: "is a file, or lies below one",
			Hint: "name a directory"}
	case errors.Is(err, syscall.EROFS):
		why = "the file system is read-only"
	case errors.Is(err, fs.ErrPermission):
		why = "permission denied"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		why = "no space left on the file system"
	default:
		return fmt.Errorf("making the log dir %s: %w", dir, err)
	}
	return fmt.Errorf("making the log dir %s: %s; choose another with --log-dir", dir, why)
}

// dirs lists the directories of all known runs.
func dirs() []string {
	var out []string
	seen := map[string]bool{}
	for _, sub := range []string{"runs", "index"} {
		base := filepath.Join(StateDir(), sub)
		ents, _ := os.ReadDir(base)
		for _, e := range ents {
			p := filepath.Join(base, e.Name())
			if sub == "index" {
				t, err := os.Readlink(p)
				if err != nil {
					continue
				}
				if _, err := os.Stat(t); errors.Is(err, fs.ErrNotExist) {
					os.Remove(p) // its log dir was deleted
					continue
				}
				p = t
			}
			if !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// startTime is longer than a run takes from its directory to its run.json.
const startTime = 10 * time.Second

// abandoned is the record of a run that was killed, launcher and agent at once,
// before it had one: nothing had been started, but a cgroup may be left.
func abandoned(dir string) (*Record, error) {
	fi, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "events.jsonl")); err != nil || time.Since(fi.ModTime()) < startTime {
		return nil, fs.ErrNotExist // no run, or one that is just starting
	}
	r := Unrecorded(dir)
	r.Started = fi.ModTime()
	return r, nil
}

// Unrecorded is what can be said of a run without run.json.
func Unrecorded(dir string) *Record {
	id := filepath.Base(dir)
	return &Record{Version: 1, ID: id, Name: id, Dir: dir, State: Running, Started: time.Now(),
		Cgroup: proc.FindCgroups("/", id)}
}

// List reads every known run, the latest first. Directories that are no runs,
// or whose run.json cannot be read, are left out.
func List() []*Record { return list("") }

// list is List of the runs whose id begins with prefix. An id is the run's name
// and some more.
func list(prefix string) []*Record {
	var out []*Record
	for _, d := range dirs() {
		if !strings.HasPrefix(filepath.Base(d), prefix) {
			continue
		}
		r, err := Load(d)
		if errors.Is(err, fs.ErrNotExist) {
			r, err = abandoned(d)
		}
		if err == nil {
			out = append(out, r)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Started.After(out[j].Started) })
	return out
}

// Find resolves what a person types: nothing (the latest run), a run id, a
// name or the id that the nodes of a run share (the latest run of either), a unique
// prefix of an id, or the path of a run's directory.
func Find(sel string) (*Record, error) {
	if strings.ContainsRune(sel, '/') {
		return Load(sel)
	}
	if r := byID(sel); r != nil {
		return r, nil
	}
	all := list(sel)
	r := exact(all, sel)
	if other := Shared(sel); other != nil && (r == nil || other.Started.After(r.Started)) {
		r = other
	}
	if r != nil {
		return r, nil
	}
	if len(all) == 0 && sel != "" && len(dirs()) > 0 {
		return nil, &job.UsageError{Field: "RUN", Value: sel, Why: "no run has this id, name or prefix", Hint: "sluice ps lists the runs"}
	}
	if len(all) == 0 {
		return nil, &job.UsageError{Field: "RUN", Value: sel, Why: "there are no runs yet", Hint: "start one with: sluice run COMMAND"}
	}
	if sel == "" {
		return all[0], nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	if len(ids) > 6 {
		ids = append(ids[:6], "...")
	}
	return nil, &job.UsageError{Field: "RUN", Value: sel, Why: "several runs begin so: " + strings.Join(ids, " "), Hint: "type more of the id"}
}

// byID is the run of exactly that id; nil if there is none. It costs the same
// however many runs there are.
func byID(id string) *Record {
	if id == "" || id == "." || id == ".." {
		return nil
	}
	known := []string{filepath.Join(StateDir(), "runs", id)}
	if dir, err := os.Readlink(filepath.Join(StateDir(), "index", id)); err == nil {
		known = append(known, dir)
	}
	for _, dir := range known {
		if r, err := Load(dir); err == nil && r.ID == id {
			return r
		}
	}
	return nil
}

// exact is the run of that id, or the latest of that name. The first is one whose
// directory has another name by now, or no run.json yet.
func exact(all []*Record, sel string) *Record {
	var named *Record
	for _, r := range all {
		switch {
		case r.ID == sel:
			return r
		case r.Name == sel && named == nil:
			named = r
		}
	}
	return named
}

// Shared is the latest run that goes by that id on all its nodes; nil if there is none.
func Shared(sel string) *Record {
	word, err := json.Marshal(sel)
	if sel == "" || err != nil {
		return nil
	}
	var latest *Record
	for _, dir := range dirs() {
		// There may be thousands, and to take each apart is most of the work.
		data, err := os.ReadFile(filepath.Join(dir, "run.json"))
		if err != nil || !bytes.Contains(data, word) {
			continue
		}
		r, err := Load(dir)
		if err == nil && r.Spec.Nodes.RunID == sel && (latest == nil || r.Started.After(latest.Started)) {
			latest = r
		}
	}
	return latest
}
