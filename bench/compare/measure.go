package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// measure runs the rounds and returns the times of both sides, pair by pair.
func (c comparison) measure() (a, b []time.Duration, err error) {
	for round := -c.warmup; round < c.rounds; round++ {
		ta, err := c.timeOne(c.a)
		if err != nil {
			return nil, nil, err
		}
		tb, err := c.timeOne(c.b)
		if err != nil {
			return nil, nil, err
		}
		if round >= 0 {
			a, b = append(a, ta), append(b, tb)
		}
	}
	return a, b, nil
}

// timeOne is the wall time from before the start to after the wait.
func (c comparison) timeOne(argv []string) (time.Duration, error) {
	if c.before != "" {
		if out, err := exec.Command("sh", "-c", c.before).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("running %s: %w: %s", c.before, err, out)
		}
	}
	// A file, not a pipe: nothing of ours reads along while the clock runs.
	said, err := os.CreateTemp("", "compare-stderr-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = said
	mono, err := monotonic()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("running %s: %w%s", strings.Join(argv, " "), err, tail(said))
	}
	if c.stamps == "" {
		return took, nil
	}
	data, err := os.ReadFile(c.stamps)
	if err != nil {
		return 0, fmt.Errorf("running %s: nobody stamped: %w", strings.Join(argv, " "), err)
	}
	return spanOf(data, c.span, mono)
}

// The spans that -stamps measures.
const (
	spanFirst   = "first"
	spanBetween = "between"
)

// spanOf reads a file of stamps.
func spanOf(data []byte, span string, start int64) (time.Duration, error) {
	var first, last int64
	for i, line := range strings.Fields(string(data)) {
		ns, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading stamp %d: %w", i, err)
		}
		if i == 0 {
			first, last = ns, ns
		}
		first, last = min(first, ns), max(last, ns)
	}
	switch {
	case first == 0, span == spanBetween && first == last:
		return 0, fmt.Errorf("too few stamps: %q", data)
	case span == spanFirst:
		return time.Duration(first - start), nil
	}
	return time.Duration(last - first), nil
}

// monotonic is CLOCK_MONOTONIC, which other processes see as well.
func monotonic() (int64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, err
	}
	return ts.Nano(), nil
}

// tail is the end of what a failed command said.
func tail(f *os.File) string {
	const most = 2000
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return ""
	}
	data, _ := io.ReadAll(io.NewSectionReader(f, max(info.Size()-most, 0), most))
	return ":\n" + string(data)
}
