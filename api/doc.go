// Package api is how other processes look into a run and control it: a unix
// socket on which one JSON object asks and one answers.
//
//	{"op":"status"}                                -> {"record":{...}}
//	{"op":"signal","ranks":"0-3","signal":"SIGUSR1"} -> {"ranks":"0-3"}
//	{"op":"stop"}            the whole run; again to hurry; "kill":true at once
//	{"op":"stop","ranks":"2"}                       one rank
//	{"op":"console","ranks":"0,%8"}                 whose output is shown
//	{"op":"eof"}                                    end the FIFO's input
//	{"op":"wait"}            answers when the run has ended -> {"record":{...}}
//	{"op":"resume"}          hands over a terminal (descriptors ride along)
//
// An answer with "error" set means that nothing was done. The socket is in a
// directory of mode 0700 and the peer's uid is checked: only the run's own user
// and root are heard.
package api

import (
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// Op names what a Request asks.
type Op string

const (
	OpStatus  Op = "status"
	OpSignal  Op = "signal"
	OpStop    Op = "stop"
	OpConsole Op = "console"
	OpEOF     Op = "eof"
	OpWait    Op = "wait"
	OpResume  Op = "resume"
)

// Request is one question.
type Request struct {
	Op     Op          `json:"op"`
	Ranks  job.RankSet `json:"ranks,omitzero"`
	Signal job.Signal  `json:"signal,omitempty"`
	Kill   bool        `json:"kill,omitempty"`
	// Who is asking, for the record: "sluice stop (pid 123)".
	Who string `json:"who,omitempty"`
}

// Response is one answer.
type Response struct {
	Error string `json:"error,omitempty"`
	// Usage is the error in its parts where it is the asker's mistake.
	Usage  *job.UsageError `json:"usage,omitempty"`
	Ranks  string          `json:"ranks,omitempty"`
	Record *runs.Record    `json:"record,omitempty"`
}
