package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
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
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("running %s: %w%s", strings.Join(argv, " "), err, tail(said))
	}
	return took, nil
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
