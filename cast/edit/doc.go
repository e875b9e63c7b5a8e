// Package edit makes recordings of recordings: it cuts, joins, and retimes them,
// sets markers, and redacts what is secret.
//
// An [Edit] takes a header and events, and gives others. The events are read as
// they are asked for, so a recording of any length is edited in little memory, and
// several edits go in one pass:
//
//	r, err := cast.Open("demo.cast", cast.ReadOptions{})
//	...
//	h, ev := edit.Chain(
//		edit.Trim(10*time.Second, 0, edit.Keep),
//		edit.IdleLimit(2*time.Second),
//		edit.MarkCommands(),
//	)(r.Header(), r.All())
//
// The events' data is valid until the next one is read, as with those of package
// cast. Where an edit changes how long a recording takes, the header's Duration
// says so if the new one is known, and else is left out.
//
// A [Redactor] is for events as they happen, and [Redact] the same as an edit.
package edit
