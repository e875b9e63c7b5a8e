package remote

import "github.com/sluicerun/sluice/job"

// Message is what a node says: one of its fields is set.
type Message struct {
	Hello   *Hello     `json:"hello,omitempty"`
	Reached *Reached   `json:"reached,omitempty"`
	Event   *job.Event `json:"event,omitempty"`
	Open    *Open      `json:"open,omitempty"`
	Closed  *Closed    `json:"closed,omitempty"`
	Ended   *Ended     `json:"ended,omitempty"`
	Bye     bool       `json:"bye,omitempty"` // nothing follows
}

// Hello is the first message.
type Hello struct {
	Version string `json:"version"`
	Host    string `json:"host"` // its name for itself
	// Addrs are addresses by which others may reach it, the likeliest first; Port
	// is open there, and whoever connects is told Nonce.
	Addrs []string `json:"addrs"`
	Port  int      `json:"port"`
	Nonce string   `json:"nonce"`
}

// Reached answers a Probe: the addresses at which the nonce was found.
type Reached struct {
	Addrs []string `json:"addrs"`
}

// Open tells of a log, whose bytes follow from its beginning.
type Open struct {
	Log       int        `json:"log"`
	Rank      int        `json:"rank"`
	LocalRank int        `json:"local_rank"`
	Attempt   int        `json:"attempt"`
	Stream    job.Stream `json:"stream"`
}

// Closed tells that no more of a log will be sent. Left is what it has beyond that,
// in bytes, and Error why it is not sent, where nobody asked for that.
type Closed struct {
	Log   int    `json:"log"`
	Left  int64  `json:"left,omitempty"`
	Error string `json:"error,omitempty"`
}

// Ended is the end of the gang on a host.
type Ended struct {
	// Result is nil where nothing was started: Error and Status say why.
	Result *job.Result `json:"result,omitempty"`
	Status int         `json:"status"`
	Error  string      `json:"error,omitempty"`
	// Stdout and Stderr are the ends of what the rank wrote that failed first here.
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
}

// Order is what a node is told: one of its fields is set.
type Order struct {
	Probe  *Probe  `json:"probe,omitempty"`
	Start  *Start  `json:"start,omitempty"`
	Signal int     `json:"signal,omitempty"` // as if sluice run had got it there
	Credit *Credit `json:"credit,omitempty"`
}

// Probe asks which addresses of the first host can be reached.
type Probe struct {
	Addrs []string `json:"addrs"`
	Port  int      `json:"port"`
	Nonce string   `json:"nonce"`
}

// Start starts the gang.
type Start struct {
	Spec job.Spec `json:"spec"`
	// Credentials are the files of the run's credentials, by name.
	Credentials map[string][]byte `json:"credentials"`
}

// Credit allows the bytes of a log before offset To to be sent. Negative: none are
// wanted any more.
type Credit struct {
	Log int   `json:"log"`
	To  int64 `json:"to"`
}
