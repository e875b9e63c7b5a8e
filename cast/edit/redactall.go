package edit

import "github.com/sluicerun/sluice/cast"

// Redact replaces what is secret in a recording: in its events, and in the title,
// the command, the environment, the tags and the unknown keys of its header.
func Redact(rules []Rule, o RedactOptions) Edit {
	if o.MaxHold == 0 {
		o.MaxHold = 1 << 20
	}
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		r, err := NewRedactor(rules, o)
		if err != nil {
			return h, failing(err)
		}
		return r.Header(h), func(yield func(cast.Event, error) bool) {
			// Events may be gone through more than once.
			r, _ := NewRedactor(rules, o)
			r.out.lines, r.in.lines = true, true // nobody waits
			for e, err := range ev {
				if err != nil {
					if pass(r.Flush(), yield) {
						yield(cast.Event{}, err)
					}
					return
				}
				if !pass(r.Feed(e), yield) {
					return
				}
			}
			pass(r.Flush(), yield)
		}
	}
}

func pass(ready []cast.Event, yield func(cast.Event, error) bool) bool {
	for _, e := range ready {
		if !yield(e, nil) {
			return false
		}
	}
	return true
}
