package cast

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
)

// Header is what a recording says of itself. Width and Height must be given; of
// the others the zero value leaves them out.
type Header struct {
	// Width and Height are the terminal's size at the begin, in cells, 1 to 65535.
	Width, Height int
	// Timestamp is when the recording began; the format has whole seconds.
	Timestamp time.Time
	// Duration is how long all of it takes, where that is known before.
	Duration time.Duration
	// IdleTimeLimit is the longest pause that players are to make.
	IdleTimeLimit time.Duration
	// Command is what was run, and Title what the recording is called.
	Command, Title string
	// Env are variables of the environment, by convention TERM and SHELL.
	Env map[string]string
}

// maxSize is the largest side of a terminal: readers keep 16 bits.
const maxSize = math.MaxUint16

func checkSize(cols, rows int) error {
	if cols < 1 || rows < 1 || cols > maxSize || rows > maxSize {
		return fmt.Errorf("the size %dx%d is not one of a terminal: columns and rows are 1 to %d", cols, rows, maxSize)
	}
	return nil
}

// append appends the header's line.
func (h *Header) append(b []byte) []byte {
	b = append(b, `{"version":2,"width":`...)
	b = strconv.AppendInt(b, int64(h.Width), 10)
	b = append(b, `,"height":`...)
	b = strconv.AppendInt(b, int64(h.Height), 10)
	if !h.Timestamp.IsZero() {
		b = append(b, `,"timestamp":`...)
		b = strconv.AppendInt(b, h.Timestamp.Unix(), 10)
	}
	if h.Duration > 0 {
		b = append(b, `,"duration":`...)
		b = appendSeconds(b, h.Duration)
	}
	if h.IdleTimeLimit > 0 {
		b = append(b, `,"idle_time_limit":`...)
		b = appendSeconds(b, h.IdleTimeLimit)
	}
	if h.Command != "" {
		b = append(b, `,"command":`...)
		b = appendString(b, h.Command)
	}
	if h.Title != "" {
		b = append(b, `,"title":`...)
		b = appendString(b, h.Title)
	}
	if len(h.Env) > 0 {
		sep := byte('{')
		b = append(b, `,"env":`...)
		for _, k := range slices.Sorted(maps.Keys(h.Env)) {
			b = append(b, sep)
			b = appendString(b, k)
			b = append(b, ':')
			b = appendString(b, h.Env[k])
			sep = ','
		}
		b = append(b, '}')
	}
	return append(b, "}\n"...)
}

// appendSeconds appends d in seconds with one to six decimals. The rest is cut
// off, as readers do with more than six.
func appendSeconds(b []byte, d time.Duration) []byte {
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	us := int(d % time.Second / time.Microsecond)
	b = append(b, '.', byte('0'+us/100_000))
	for us = us % 100_000 * 10; us > 0; us = us % 100_000 * 10 {
		b = append(b, byte('0'+us/100_000))
	}
	return b
}
