package playback

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sluicerun/sluice/cast"
)

// Text writes everything that a recording showed as plain text: the lines as they
// scrolled off, wrapped ones joined again, and then the last screen, each line with
// a newline and without blanks at its end. Empty lines at the end are left out.
// What was written over, or erased before it scrolled off, is not there.
//
// When the recording is damaged, what came before is written and the error says
// what is wrong; an error of w comes as it is.
func Text(src Source, w io.Writer) error {
	x := texter{r: newReel(src.Header()), w: w}
	for x.err == nil {
		e, err := src.Next()
		if err != nil {
			x.look(nil, true)
			if x.err == nil && !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		if e.Code == cast.Resize && x.r.t.ScrollbackLines() > 0 {
			x.look([]byte{' '}, false) // or they would come back when the terminal grows
		}
		x.r.feed(e, func(next []byte) { x.look(next, false) })
	}
	if x.err != nil {
		return fmt.Errorf("writing the text of a recording: %w", x.err)
	}
	return nil
}

type texter struct {
	r     *reel
	w     io.Writer
	empty int  // empty lines that are written only if another follows
	open  bool // the latest line goes on
	err   error
}

// look writes the lines that are off, and in the end those of the screen.
func (x *texter) look(next []byte, last bool) {
	x.r.looked()
	if !last && x.r.t.ScrollbackLines() == 0 {
		return
	}
	if last && x.r.t.Modes().AltScreen {
		// What is below the alternate screen was shown before it. CAN ends a sequence
		// that may have been cut off.
		alt := x.r.t.JoinedText(false)
		x.r.t.Write([]byte("\x18\x1b[?1047l"))
		x.lines(x.r.t.JoinedText(true), false)
		x.lines(alt, false)
		return
	}
	all, off, cont := x.r.text()
	if last {
		x.lines(all, false)
		return
	}
	if !x.r.drop(next, len(all) > muchText) {
		return
	}
	n := 0
	for range off {
		n += strings.IndexByte(all[n:], '\n') + 1
	}
	if cont {
		// The begin of the first line of the screen is off as well.
		n = len(all) - len(x.r.t.JoinedText(false))
	}
	x.lines(all[:n], cont)
}

// lines writes lines; open says that the last goes on.
func (x *texter) lines(s string, open bool) {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text := strings.TrimSuffix(line, "\n")
		if text == "" && !x.open {
			x.empty++
			continue
		}
		for ; x.empty > 0; x.empty-- {
			b.WriteByte('\n')
		}
		b.WriteString(line)
		x.open = false
	}
	x.open = open
	if x.err == nil {
		_, x.err = io.WriteString(x.w, b.String())
	}
}
