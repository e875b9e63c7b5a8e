package job

import (
	"fmt"
	"strings"
)

// Record makes a recording of a worker's terminal, in a file, while it runs. The
// logs have everything anyhow; a recording is what is handed on.
type Record struct {
	// File is where the recording goes, and Format how it is written (see package
	// cast; empty means v2).
	File   string `json:"file"`
	Format string `json:"format,omitempty"`
	// Append goes on with a recording that is there; Overwrite replaces it.
	Append    bool `json:"append,omitempty"`
	Overwrite bool `json:"overwrite,omitempty"`
	// Input adds what is typed, but for what is typed while the terminal does not
	// show it.
	Input bool `json:"input,omitempty"`
	// IdleLimit is the longest pause that players are to make; 0: as it was.
	IdleLimit Duration `json:"idle_limit,omitempty"`
	Title     string   `json:"title,omitempty"`
	// Env is what the recording says of the environment.
	Env map[string]string `json:"env,omitempty"`
	// Redact are names of sets of rules and regular expressions: what they match is
	// not in the recording (see package cast/edit).
	Redact []string `json:"redact,omitempty"`
	// OnFull is what happens when the disk is full.
	OnFull RecordFull `json:"on_full,omitempty"`
}

// RecordFull is what becomes of a recording when the disk is full. The program
// goes on in any case.
type RecordFull string

const (
	// RecordStop ends the recording, with a note (the default).
	RecordStop RecordFull = "stop"
	// RecordWait waits for room, and then goes on with what the logs have: nothing
	// is lost. The run ends only when all of it is written.
	RecordWait RecordFull = "wait"
)

// ParseRecordFull reads the name of a policy.
func ParseRecordFull(s string) (RecordFull, error) {
	switch p := RecordFull(strings.ToLower(s)); p {
	case "", RecordStop:
		return RecordStop, nil
	case RecordWait:
		return p, nil
	}
	return "", fmt.Errorf("%q is neither stop nor wait", s)
}
