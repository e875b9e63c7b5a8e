// Package playback moves about in recordings: the screen at a time, the times at
// which a text was on the screen, the text of all of it.
//
//	Screen    the terminal at any time of a recording, forwards and backwards
//	Index     what makes that fast: the terminal's state from time to time
//	Timeline  recording time and play time, with pauses cut and a speed
//	Search    when did this stand on the screen?
//	Text      everything that was shown, as plain text
//	Filter    output made harmless for a terminal that somebody looks at
//
// A recording is a [Source], which a [cast.Reader] of a file is. Times are
// recording time, since the recording began, unless play time is said.
//
// An Index may be used by several goroutines at the same time, everything else
// by one; sources too, so who works on a recording in two places opens it twice.
package playback
