package job

import "time"

// Event is one thing that happened, one line of events.jsonl. Fields that do
// not belong to the type are absent.
type Event struct {
	Time time.Time `json:"time"`
	Type EventType `json:"type"`
	// Run is set on the first event only.
	Run     string `json:"run,omitempty"`
	Attempt int    `json:"attempt"`
	Rank    *int   `json:"rank,omitempty"`
	// LocalRank is set where it is not the rank.
	LocalRank *int   `json:"local_rank,omitempty"`
	PID       int    `json:"pid,omitempty"`
	Stream    string `json:"stream,omitempty"`
	// Bytes and Offset belong to log events.
	Bytes  int64 `json:"bytes,omitempty"`
	Offset int64 `json:"offset,omitempty"`
	// Signal and Ranks belong to stop and signal events.
	Signal  string   `json:"signal,omitempty"`
	Ranks   string   `json:"ranks,omitempty"`
	Cause   Cause    `json:"cause,omitempty"`
	Detail  string   `json:"detail,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"`
	Result  *Result  `json:"result,omitempty"`
}

// EventType names an event.
type EventType string

const (
	EventRunStarted    EventType = "run_started"
	EventWorkerStarted EventType = "worker_started"
	EventWorkerEnded   EventType = "worker_ended"
	EventGangStopping  EventType = "gang_stopping" // a stop signal went out
	EventGangKilling   EventType = "gang_killing"  // the grace was over
	EventGangRestart   EventType = "gang_restarting"
	EventSignal        EventType = "signal_sent"
	EventStalled       EventType = "stalled"
	EventLogRotated    EventType = "log_rotated"
	EventLogFull       EventType = "log_full"    // the disk is full
	EventLogResumed    EventType = "log_resumed" // ... and is not any more
	EventLogDropped    EventType = "log_dropped"
	EventLogError      EventType = "log_error"
	EventConsole       EventType = "console" // closed, slow, changed
	EventLauncherLost  EventType = "launcher_lost"
	EventResumed       EventType = "resumed"
	EventNote          EventType = "note"
	EventRunEnded      EventType = "run_ended"
)
