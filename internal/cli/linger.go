package cli

import (
	"time"

	"github.com/sluicerun/sluice/job"
)

// lingerFlag is job.Console's Linger as a flag. There 0 is the default of 10 s; who
// types 0 wants no wait: a console that takes what it gets has the time to, and no more.
type lingerFlag job.Duration

const leastLinger = lingerFlag(10 * time.Millisecond)

func (l *lingerFlag) Set(text string) error {
	var d job.Duration
	if err := d.Set(text); err != nil {
		return err
	}
	if *l = lingerFlag(d); d == 0 {
		*l = leastLinger
	}
	return nil
}

func (l *lingerFlag) String() string { return (*job.Duration)(l).String() }

// Type is the word that help pages show for the value.
func (l *lingerFlag) Type() string { return (*job.Duration)(l).Type() }
