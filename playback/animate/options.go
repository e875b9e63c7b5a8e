package animate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// Options say what of a recording is shown, how fast and how. The zero value shows
// all of it as players do.
type Options struct {
	// From and Until are the part that is shown, on the recording's clock. The
	// picture begins with the screen as it is at From. Until 0: to the end.
	From, Until time.Duration
	// Speed is how many times faster than it happened; 0: 1. From 0.001 to 1000.
	Speed float64
	// IdleLimit is the longest pause, before Speed; 0: the header's; negative: any.
	IdleLimit time.Duration
	// Hold is how long the last screen stays before all begins anew; 0: two
	// seconds; negative: not at all.
	Hold time.Duration
	// FPS is how many pictures there are in a second at most; 0: 30. From 1 to 100,
	// and to 50 in a GIF, whose viewers slow down what is faster.
	FPS int
	// Once: the picture stops at its end and does not begin anew.
	Once bool
	// Cols and Rows are the picture's size in cells; 0: the largest size that the
	// terminal has in the part that is shown. What lies beyond is cut off.
	Cols, Rows int
	// Poster is the moment, on the recording's clock, that programs show which do
	// not move pictures, and a player before it is started. SVG and HTML only.
	Poster time.Duration
	// Title is what the picture is called; "": what the header says.
	Title string
	// Draw says how screens are drawn: the font, its size, a window around it. Its
	// Palette nil means the recording's own theme and what the program changed of
	// it; without a theme, that of asciinema. Region and Scrollback are ignored.
	Draw render.Options
}

const (
	defaultFPS  = 30
	maxFPS      = 100
	defaultHold = 2 * time.Second
)

// fill puts in what o leaves open, from the header. events are those to be shown, and
// out is what is to be done with the pictures.
func (o *Options) fill(h cast.Header, events cast.Events, out bool) error {
	if events == nil {
		return errors.New("there is no recording: its events are nil")
	}
	if !out {
		return errors.New("there is nothing that takes what is drawn: it is nil")
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if math.IsNaN(o.Speed) || o.Speed < .001 || o.Speed > 1000 {
		return fmt.Errorf("speed %v is not possible: give one from 0.001 to 1000", o.Speed)
	}
	if o.FPS == 0 {
		o.FPS = defaultFPS
	}
	if o.FPS < 1 || o.FPS > maxFPS {
		return fmt.Errorf("%d pictures a second are not possible: give a number from 1 to %d", o.FPS, maxFPS)
	}
	if o.From < 0 || o.Until < 0 || o.Poster < 0 {
		return fmt.Errorf("a time before the recording's begin cannot be shown: from %v, until %v, poster %v", o.From, o.Until, o.Poster)
	}
	if o.Until > 0 && o.Until < o.From {
		return fmt.Errorf("nothing lies between %v and %v: the end is before the begin", o.From, o.Until)
	}
	if o.Cols < 0 || o.Rows < 0 || o.Cols > vt.MaxCols || o.Rows > vt.MaxRows {
		return fmt.Errorf("a picture of %d columns and %d rows is not possible: the most is %d by %d", o.Cols, o.Rows, vt.MaxCols, vt.MaxRows)
	}
	if o.IdleLimit == 0 {
		o.IdleLimit = h.IdleTimeLimit
	}
	if o.IdleLimit <= 0 {
		o.IdleLimit = math.MaxInt64
	}
	switch {
	case o.Hold == 0:
		o.Hold = defaultHold
	case o.Hold < 0:
		o.Hold = 0
	}
	if o.Title == "" {
		o.Title = h.Title
	}
	return nil
}
