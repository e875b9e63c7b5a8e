package edit

import (
	"slices"

	"github.com/sluicerun/sluice/cast"
)

// Without leaves out the events of these codes.
func Without(codes ...cast.Code) Edit { return filter(codes, false) }

// Only leaves out the events of all codes but these.
func Only(codes ...cast.Code) Edit { return filter(codes, true) }

// filter keeps the events for which being among the codes is what is wanted.
func filter(codes []cast.Code, want bool) Edit {
	codes = slices.Clone(codes)
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		return h, each(ev, func(e *cast.Event) bool { return slices.Contains(codes, e.Code) == want })
	}
}
