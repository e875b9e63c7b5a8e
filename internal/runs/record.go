package runs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// ReserveName is the file in a run's directory that sets room aside for its end.
const ReserveName = ".reserve"

// State is where a run stands.
type State string

const (
	Running  State = "running"
	Stopping State = "stopping"
	Ended    State = "ended"
)

// Record is run.json: enough to show a run after everyone is gone.
type Record struct {
	Version int      `json:"version"`
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Dir     string   `json:"dir"`
	Host    string   `json:"host"`
	State   State    `json:"state"`
	Spec    job.Spec `json:"spec"`

	Started  time.Time `json:"started"`
	Attempt  int       `json:"attempt"`
	Restarts int       `json:"restarts"`
	// RankBase is the rank of the gang's first worker.
	RankBase int `json:"rank_base,omitempty"`
	// NodeRank is the node's among those of the run.
	NodeRank int `json:"node_rank,omitempty"`
	// WorldSize is the number of workers on all nodes in the latest attempt; 0
	// before the first.
	WorldSize int `json:"world_size,omitempty"`

	// Launcher is absent for a detached run, Guardian for an attached one.
	Launcher *proc.Identity `json:"launcher,omitempty"`
	Agent    *proc.Identity `json:"agent,omitempty"`
	Guardian *proc.Identity `json:"guardian,omitempty"`
	Socket   string         `json:"socket,omitempty"`
	// Cgroup is the run's cgroup directory, absent where none could be had.
	Cgroup   string `json:"cgroup,omitempty"`
	NoCgroup string `json:"no_cgroup,omitempty"` // why there is none

	// Via is the node behind Socket that the record is of, where that is not this
	// machine's. It is how the record was come by, and not written.
	Via string `json:"-"`

	// Remote is set in the record that the starter of a run over ssh keeps: the run
	// was on other hosts, and so are its files.
	Remote *Remote `json:"remote,omitempty"`

	Workers []Worker    `json:"workers"`
	Result  *job.Result `json:"result,omitempty"`
}

// Remote is how the hosts of a run are reached.
type Remote struct {
	SSH    []string `json:"ssh"`              // the command, in words
	Sluice string   `json:"sluice,omitempty"` // the path of sluice there, if it was given
	Parts  []Part   `json:"parts"`
}

// Part is what a host had of a run.
type Part struct {
	Host string `json:"host"` // as ssh takes it
	Run  string `json:"run"`  // the run's id there
	Node int    `json:"node"` // its rank in the first round, -1 of one that was to wait
}

// Worker is one rank in a Record. Running workers have Kind job.KindRunning.
type Worker struct {
	job.Outcome
	Identity proc.Identity `json:"identity,omitzero"`
	// Dir is the rank's directory, relative to the run's.
	Dir string `json:"dir"`
}

// WorkerDir is the directory of a rank's files within a run's directory. The
// layout is torchrun's.
func WorkerDir(attempt, localRank int) string {
	return fmt.Sprintf("attempt_%d/%d", attempt, localRank)
}

// Save writes run.json in one step: a reader sees the old or the new one. The
// last one may use what Reserve set aside.
func (r *Record) Save() error {
	err := r.save()
	if r.State != Ended {
		return err
	}
	if os.Remove(r.reserve()) == nil && err != nil {
		err = r.save()
	}
	return err
}

func (r *Record) save() error {
	b, err := coldjson.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding run.json: %w", err)
	}
	path := filepath.Join(r.Dir, "run.json")
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("writing run.json: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing run.json: %w", err)
	}
	return nil
}

// Hostname is this machine's name, for people and records.
func Hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

// Load reads the record of the run in dir.
func Load(dir string) (*Record, error) {
	b, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		return nil, fmt.Errorf("reading run: %w", err)
	}
	r := new(Record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("reading run: %s/run.json: %w", dir, err)
	}
	r.Dir = dir // the directory may have been moved
	return r, nil
}

// AddUnlisted adds what the run's directories tell and the record does not: the
// lives of workers that were started after it was last written.
func (r *Record) AddUnlisted() {
	listed := map[int]int{} // index by local rank
	for i, w := range r.Workers {
		listed[w.LocalRank] = i
	}
	dirs, _ := filepath.Glob(filepath.Join(r.Dir, "attempt_*", "*"))
	for _, d := range dirs {
		var life, rank int
		rel, err := filepath.Rel(r.Dir, d)
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(rel, "attempt_%d/%d", &life, &rank); err != nil || rel != WorkerDir(life, rank) {
			continue
		}
		w := Worker{Outcome: job.Outcome{Rank: r.RankBase + rank, LocalRank: rank, Attempt: life, Kind: job.KindRunning}, Dir: rel}
		at, known := listed[rank]
		switch {
		case !known:
			listed[rank] = len(r.Workers)
			r.Workers = append(r.Workers, w)
		case r.Workers[at].Attempt < life:
			r.Workers[at] = w
		}
		r.Attempt = max(r.Attempt, life)
	}
	slices.SortFunc(r.Workers, func(a, b Worker) int { return cmp.Compare(a.LocalRank, b.LocalRank) })
}

// AgentAlive tells whether the process that owns the run still exists.
func (r *Record) AgentAlive() bool { return r.Agent != nil && proc.Alive(*r.Agent) }

// Lost tells that the run never ended and nobody is left to end it.
func (r *Record) Lost() bool {
	return r.State != Ended && !r.AgentAlive() &&
		(r.Guardian == nil || !proc.Alive(*r.Guardian)) &&
		(r.Launcher == nil || !proc.Alive(*r.Launcher))
}
