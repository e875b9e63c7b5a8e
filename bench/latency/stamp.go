package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// mark begins a stamp; a launcher may put its prefix before it.
const mark = "stamp "

// monotonic is CLOCK_MONOTONIC, the same in every process of the machine.
func monotonic() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, fmt.Errorf("reading the clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}

func stampLine(now time.Duration) string {
	return fmt.Sprintf("%s%d\n", mark, now)
}

// stamps finds the stamps of the whole lines in data and returns what is left
// over, the start of a line.
func stamps(data []byte, found func(time.Duration)) (rest []byte) {
	for {
		line, after, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return data
		}
		data = after
		if i := bytes.LastIndex(line, []byte(mark)); i >= 0 {
			digits := string(bytes.TrimSpace(line[i+len(mark):]))
			if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n >= 0 {
				found(time.Duration(n))
			}
		}
	}
}
