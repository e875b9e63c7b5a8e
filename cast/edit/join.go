package edit

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Recording is a recording to join others with.
type Recording struct {
	Header cast.Header
	Events cast.Events
}

// Reset is what is written between recordings that are joined.
type Reset uint8

const (
	// ResetNothing: what the one left on the screen is there when the next begins.
	ResetNothing Reset = iota
	// ResetModes: the alternate screen, colours and modes are left as with DECSTR, and
	// the next begins on a line of its own.
	ResetModes
	// ResetAll: the terminal is as new, and empty (RIS).
	ResetAll
)

var resets = [...]string{ResetNothing: "", ResetModes: "\x1b[?1049l\x1b[!p\x1b[m\r\n", ResetAll: "\x1bc"}

// JoinOptions say how recordings are joined.
type JoinOptions struct {
	// Gap is the pause between one and the next.
	Gap time.Duration
	// Reset is what is written between them.
	Reset Reset
	// MarkExits makes a marker (exit 1) of the program's end in all but the last; else
	// it is left out.
	MarkExits bool
}

// Join puts recordings one after the other. The header is that of the first. Where
// the next begins with another size, it is preceded by a resize. A recording is as
// long as its header says, or up to its last event.
func Join(recordings []Recording, o JoinOptions) (cast.Header, cast.Events) {
	if len(recordings) == 0 {
		return cast.Header{}, failing(fmt.Errorf("joining recordings: there are none"))
	}
	if o.Gap < 0 || int(o.Reset) >= len(resets) {
		return cast.Header{}, failing(fmt.Errorf("joining recordings: the gap of %v or the reset %d is none", o.Gap, o.Reset))
	}
	h := recordings[0].Header
	known := true
	var total time.Duration
	for _, r := range recordings {
		known = known && r.Header.Duration > 0
		total += r.Header.Duration
	}
	h.Duration = 0
	if known {
		h.Duration = total + time.Duration(len(recordings)-1)*o.Gap
	}
	return h, func(yield func(cast.Event, error) bool) {
		j := joiner{yield: yield}
		j.cols, j.rows = h.Size()
		for i, r := range recordings {
			last := i == len(recordings)-1
			if i > 0 {
				j.end += o.Gap
				if s := resets[o.Reset]; s != "" && !yield(cast.Event{Time: j.end, Code: cast.Output, Data: []byte(s)}, nil) {
					return
				}
			}
			if !j.add(r, !last, o.MarkExits) {
				return
			}
		}
	}
}

// Append is the events of a recording as they continue one that has taken end and
// has the size of cols columns and rows rows: first a resize if it begins with
// another.
func Append(end time.Duration, cols, rows int, r Recording) cast.Events {
	return func(yield func(cast.Event, error) bool) {
		j := joiner{yield: yield, end: end, cols: cols, rows: rows}
		j.add(r, false, false)
	}
}

type joiner struct {
	yield      func(cast.Event, error) bool
	end        time.Duration
	cols, rows int
}

// add gives the events of a recording. follows: it is not the last.
func (j *joiner) add(r Recording, follows, mark bool) bool {
	begin := j.end
	if cols, rows := r.Header.Size(); cols != j.cols || rows != j.rows {
		j.cols, j.rows = cols, rows
		if !j.yield(cast.Event{Time: begin, Code: cast.Resize, Cols: cols, Rows: rows}, nil) {
			return false
		}
	}
	for e, err := range r.Events {
		if err != nil {
			j.yield(cast.Event{}, err)
			return false
		}
		e.Time += begin
		j.end = max(j.end, e.Time)
		switch {
		case e.Code == cast.Resize:
			j.cols, j.rows = e.Cols, e.Rows
		case e.Code == cast.Exit && follows && !mark:
			continue
		case e.Code == cast.Exit && follows:
			e = cast.Event{Time: e.Time, Code: cast.Marker, Data: strconv.AppendInt([]byte("exit "), int64(e.Status), 10)}
		}
		if !j.yield(e, nil) {
			return false
		}
	}
	j.end = max(j.end, begin+r.Header.Duration)
	return true
}
