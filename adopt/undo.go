package adopt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/sluicerun/sluice/internal/atomicfile"
)

// ErrNoUndo is that no redirect of a process is written down.
var ErrNoUndo = errors.New("no redirect of it is on record for this user")

// UndoOptions say where the way back is written down.
type UndoOptions struct {
	Records string // as Redirect's
	// Force does it also if a descriptor is not where Redirect has moved it to.
	Force bool
}

// undo is the way back of a process, a file of the folder of records. The pid names a
// process together with its start time and the boot.
type undo struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot
	Boot  string `json:"boot"`
	Moves []Move `json:"moves"`
}

func (p *Process) undoPath(dir string) string {
	return filepath.Join(dir, strconv.Itoa(p.PID)+".json")
}

// recorded reads the way back. What is there for an earlier process of that pid is
// none: nil.
func (p *Process) recorded(dir string) (*undo, error) {
	data, err := os.ReadFile(p.undoPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the way back: %w", err)
	}
	u, err := parseUndo(data)
	if err != nil {
		return nil, fmt.Errorf("reading the way back from %s: %w", p.undoPath(dir), err)
	}
	boot, err := p.sys.boot()
	if err != nil {
		return nil, err
	}
	if u.PID != p.PID || u.Start != p.start || u.Boot != boot {
		return nil, nil
	}
	return u, nil
}

func parseUndo(data []byte) (*undo, error) {
	var u undo
	if err := json.Unmarshal(data, &u); err != nil {
		return nil, err
	}
	for i, m := range u.Moves {
		if m.FD != 1 && m.FD != 2 || m.Kept <= 2 || slices.ContainsFunc(u.Moves[:i], func(o Move) bool { return o.FD == m.FD }) {
			return nil, fmt.Errorf("descriptor %d, kept as %d, cannot be", m.FD, m.Kept)
		}
	}
	return &u, nil
}

// record writes the way back, all of it or nothing.
func (p *Process) record(dir string, moves []Move) error {
	boot, err := p.sys.boot()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(undo{PID: p.PID, Start: p.start, Boot: boot, Moves: moves}, "", "  ")
	if err != nil {
		return err
	}
	err = atomicfile.Replace(p.undoPath(dir), 0o600, false, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing the way back: %w", err)
	}
	return nil
}

// forget removes the records of processes that have ended.
func (s *System) forget(dir string) {
	files, _ := os.ReadDir(dir)
	boot, err := s.boot()
	if err != nil {
		return
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		u, err := parseUndo(data)
		if err != nil || f.Name() != strconv.Itoa(u.PID)+".json" {
			continue // not ours to remove
		}
		if st, err := s.fs.Stat(u.PID); u.Boot != boot || errors.Is(err, fs.ErrNotExist) || err == nil && st.Start != u.Start {
			os.Remove(path)
		}
	}
}

// unrecord takes back what record has written.
func (p *Process) unrecord(dir string, before *undo) error {
	if before != nil {
		return p.record(dir, before.Moves)
	}
	err := os.Remove(p.undoPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// of is the move of a descriptor; nil: it was not moved.
func (u *undo) of(fd int) *Move {
	if u != nil {
		for i := range u.Moves {
			if u.Moves[i].FD == fd {
				return &u.Moves[i]
			}
		}
	}
	return nil
}

// boot names this boot of the machine.
func (s *System) boot() (string, error) {
	id, err := s.fs.BootID()
	if err != nil {
		return "", fmt.Errorf("which boot of the machine this is: %w", err)
	}
	return id, nil
}
