package health

import (
	"fmt"
	"time"
)

// DefaultTimeout is how old the last progress may become, as in torch's agent.
const DefaultTimeout = 60 * time.Second

// Progress is what the agent says of itself.
type Progress struct {
	// State is a word for people: "starting", "healthy".
	State string
	// Last is when the agent last did what shows that it is not stuck. Zero:
	// not yet; the time since Listen counts then.
	Last time.Time
	// Restarts is how often the gang was started again, Alive how many of its
	// workers run now.
	Restarts, Alive int
	// Run is the run's id.
	Run string
	// Unhealthy says why the agent knows itself to be unhealthy. "": it is not.
	Unhealthy string
}

// answer is the body.
type answer struct {
	State        string  `json:"state"`
	LastProgress float64 `json:"last_progress"`
	Age          float64 `json:"age"`
	Restarts     int     `json:"restarts"`
	Alive        int     `json:"alive"`
	Run          string  `json:"run"`
	Reason       string  `json:"reason,omitempty"`
}

// judge is the answer to p at the time now. begin stands for a progress that
// was not made yet.
func judge(p Progress, begin, now time.Time, timeout time.Duration) answer {
	if p.Last.IsZero() {
		p.Last = begin
	}
	age := max(now.Sub(p.Last), 0)
	a := answer{State: p.State, Restarts: p.Restarts, Alive: p.Alive, Run: p.Run, Reason: p.Unhealthy,
		LastProgress: float64(p.Last.UnixMilli()) / 1e3, Age: age.Round(time.Millisecond).Seconds()}
	if a.Reason == "" && timeout > 0 && age > timeout {
		a.Reason = fmt.Sprintf("no progress for %v, more than %v", age.Round(time.Millisecond), timeout)
	}
	return a
}
