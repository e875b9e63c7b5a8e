package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicerun/sluice/bench/result"
	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// work measures what is made of recordings.
func (b *bench) work() error {
	defer os.RemoveAll(b.dir)
	hour, minute := filepath.Join(b.dir, "hour.cast"), filepath.Join(b.dir, "minute.cast")
	if err := writeHour(hour, cast.V2, b.bytes); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	if err := writeMinute(minute); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	// Found only by its status: grep without a match ends with 1.
	grep := func(re string) []string {
		return []string{"sh", "-c", `"$@"; [ $? -eq 1 ]`, "sh", b.sluice, "cast", "grep", re, hour}
	}
	convert := func(file, to string) []string {
		return []string{b.sluice, "cast", "convert", file, "--to", to, "--overwrite", "-o", filepath.Join(b.dir, "out."+to)}
	}
	for _, c := range []struct {
		name string
		argv []string
		file string
		goal string // MB/s, or seconds
		rate bool
	}{
		{"convert v2 to v3", convert(hour, "v3"), hour, ">=150", true},
		{"cast grep, a text", grep("no such text"), hour, ">=40", true},
		{"cast grep, any case", grep("(?i)no such text"), hour, ">=40", true},
		{"cast grep, no text", grep(`\d{9}`), hour, ">=40", true},
		{"SVG of a minute", convert(minute, "svg"), minute, "<=1", false},
		{"GIF of a minute", convert(minute, "gif"), minute, "<=5", false},
	} {
		var took []cost
		for range b.rounds {
			one, err := costOf(c.argv, false)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			took = append(took, one)
		}
		info, err := os.Stat(c.file)
		if err != nil {
			return err
		}
		goal, err := result.ParseGoal(c.goal)
		if err != nil {
			return err
		}
		cpu, wall := median(took)
		row := result.Row{Name: c.name, Goal: goal.String() + " s"}
		value := wall.Seconds()
		row.Value = fmt.Sprintf("%.2f s", value)
		row.Ours = fmt.Sprintf("%.2f s of CPU", cpu.Seconds())
		if c.rate {
			mb := float64(info.Size()) / 1e6
			value = mb / cpu.Seconds()
			row.Value, row.Goal = fmt.Sprintf("%.0f MB/s", value), goal.String()+" MB/s"
			row.Ours = fmt.Sprintf("%.2f s of CPU, %.0f MB/s by the clock", cpu.Seconds(), mb/wall.Seconds())
		}
		row.Verdict = goal.Verdict(value)
		if err := b.row(row); err != nil {
			return err
		}
	}
	return b.seek(hour)
}

// seeks is how many times are gone to.
const seeks = 200

// seek goes to moments of the recording by its index, as play does.
func (b *bench) seek(file string) error {
	x := &playback.Index{}
	src, err := cast.Open(file, cast.ReadOptions{})
	if err != nil {
		return err
	}
	defer src.Close()
	start := time.Now()
	if err := x.Build(context.Background(), src); err != nil {
		return err
	}
	built := time.Since(start)
	again, err := cast.Open(file, cast.ReadOptions{})
	if err != nil {
		return err
	}
	defer again.Close()
	s := playback.NewScreen(again, x)
	r := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	for range seeks * b.rounds {
		start := time.Now()
		if _, err := s.At(time.Duration(r.Int64N(int64(time.Hour)))); err != nil {
			return err
		}
		took = append(took, time.Since(start))
	}
	goal, err := result.ParseGoal("<=100")
	if err != nil {
		return err
	}
	ms := func(q float64) float64 { return result.Quantile(took, q).Seconds() * 1000 }
	return b.row(result.Row{
		Name: "seek in an hour, p99", Ours: fmt.Sprintf("p50 %.1f ms, worst %.1f ms, index in %.1f s", ms(0.5), ms(1), built.Seconds()),
		Value: fmt.Sprintf("%.1f ms", ms(0.99)), Goal: goal.String() + " ms", Verdict: goal.Verdict(ms(0.99)),
	})
}
