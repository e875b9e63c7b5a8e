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
// and of a worker on a terminal, named by "rank":
//
//	{"op":"input","rank":0,"input":{"source":"type@17","steps":[{"text":"hello"}]}}
//	    with "await" beside the input, it waits for what comes after that
//	{"op":"await","rank":0,"await":{"text":"done","timeout":"5s"}} -> {"screen":{...}}
//	{"op":"screen","rank":0}                        -> {"screen":{...}}
//	{"op":"resize","rank":0,"size":{"Cols":120,"Rows":40}}
//	{"op":"attach","rank":0,"attach":{"terminal":true}} -> {} and then the frames
//	                         of package session, both ways
//
// and of the files of a run, which follow the answer on the connection:
//
//	{"op":"logs","rank":0,"log":{"stream":"stdout"}} -> {"log":{"from":0,"size":9}}
//	                         and those 9 bytes; more of both until "end":true
//	{"op":"archive"}                                -> {} and a tar of its directory
//
// The agents of a run over several machines know each other. A request "via" one
// of them is passed on to it, and so is its answer:
//
//	{"op":"nodes"}           who takes part -> {"nodes":[{"id":"X7","rank":0,...}]}
//	{"op":"screen","rank":13,"via":"X7"}            -> {"screen":{...}}
//
// An answer with "error" set means that nothing was done. The socket is in a
// directory of mode 0700 and the peer's uid is checked: only the run's own user
// and root are heard. From other machines, whoever has the run's credentials is.
package api

import (
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
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
	OpInput   Op = "input"
	OpAwait   Op = "await"
	OpScreen  Op = "screen"
	OpResize  Op = "resize"
	OpAttach  Op = "attach"
	OpNodes   Op = "nodes"
	OpLogs    Op = "logs"
	OpArchive Op = "archive"
)

// streams tells that the answer goes on behind its first line.
func (o Op) streams() bool { return o == OpAttach || o == OpLogs || o == OpArchive }

// Request is one question.
type Request struct {
	Op Op `json:"op"`
	// Via is the id of the node that is asked; empty: the one whose socket it is.
	Via    string      `json:"via,omitempty"`
	Ranks  job.RankSet `json:"ranks,omitzero"`
	Signal job.Signal  `json:"signal,omitempty"`
	Kill   bool        `json:"kill,omitempty"`
	// Who is asking, for the record: "sluice stop (pid 123)".
	Who string `json:"who,omitempty"`
	// Brief asks for the state alone, without a dump; where a condition came
	// true, for nothing.
	Brief bool `json:"brief,omitempty"`
	// Scrollback asks for lines that scrolled off as well; negative: all.
	Scrollback int `json:"scrollback,omitempty"`
	// Rank is the worker whose terminal or log is meant.
	Rank   int                    `json:"rank,omitempty"`
	Input  *session.Input         `json:"input,omitempty"`
	Await  *session.Condition     `json:"await,omitempty"`
	Size   *pty.Size              `json:"size,omitempty"`
	Attach *session.AttachOptions `json:"attach,omitempty"`
	Log    *LogRequest            `json:"log,omitempty"`
}

// Response is one answer.
type Response struct {
	Error string `json:"error,omitempty"`
	// Usage is the error in its parts where it is the asker's mistake.
	Usage  *job.UsageError `json:"usage,omitempty"`
	Ranks  string          `json:"ranks,omitempty"`
	Record *runs.Record    `json:"record,omitempty"`
	// Screen is a terminal's, with the answer to await as well: what was there
	// when the condition held, or when it was given up.
	Screen *Screen `json:"screen,omitempty"`
	// NotMet says why a condition did not come true.
	NotMet *session.NotMetError `json:"not_met,omitempty"`
	// Nodes are those of the run, in the order of their ranks, then those that
	// wait, and then those that have gone.
	Nodes []Node `json:"nodes,omitempty"`
	// Log is the part of a log that follows.
	Log *Log `json:"log,omitempty"`
	// Node says why a node that was to be asked gave no answer.
	Node *NodeError `json:"node,omitempty"`
}

// Node is one machine's part in a run.
type Node struct {
	ID      string `json:"id"`
	Rank    int    `json:"rank"` // -1 of one that waits
	Host    string `json:"host"`
	Addr    string `json:"addr,omitempty"`
	Base    int    `json:"base"` // its first rank; -1 of one that waits
	Workers int    `json:"workers"`
	Self    bool   `json:"self,omitempty"` // it is who answers
	Alive   bool   `json:"alive"`
	// Gone: it took part in an earlier round, with these ranks.
	Gone bool `json:"gone,omitempty"`
}

// NodeError is that a node could not be asked: it has gone, or the network has.
type NodeError struct {
	ID   string `json:"id"`
	Name string `json:"name"` // for people
	Why  string `json:"why"`
}

func (e *NodeError) Error() string { return e.Name + " cannot be reached: " + e.Why }

// Screen is the screen of a worker's terminal.
type Screen struct {
	Cols int `json:"cols"`
	Rows int `json:"rows"`
	// Dump brings a fresh vt.Terminal of this size to the same state.
	Dump  []byte        `json:"dump"`
	State session.State `json:"state"`
	// Again: the program has ended, and the rank is about to be started anew.
	Again bool `json:"again,omitempty"`
}
