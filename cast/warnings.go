package cast

import (
	"fmt"
	"slices"
)

// Warning is something in a recording that is not as it should be, and what was
// made of it. Line counts from 1; it is 0 where there are no lines.
type Warning struct {
	Line int
	Text string
}

func (w Warning) String() string {
	if w.Line == 0 {
		return w.Text
	}
	return fmt.Sprintf("line %d: %s", w.Line, w.Text)
}

// maxWarnings is how many warnings are kept of a recording: who has read these
// knows enough of it.
const maxWarnings = 100

// warnings are those of a recording, each once, however often it is read.
type warnings struct{ all []Warning }

func (w *warnings) add(line int, format string, args ...any) {
	if len(w.all) > maxWarnings {
		return
	}
	n := Warning{Line: line, Text: fmt.Sprintf(format, args...)}
	if slices.Contains(w.all, n) {
		return
	}
	if len(w.all) == maxWarnings {
		n = Warning{Text: fmt.Sprintf("there is more of this kind, from line %d on", line)}
	}
	w.all = append(w.all, n)
}
