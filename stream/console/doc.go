// Package console shows what many workers write as one stream of whole lines.
//
// A Console reads the workers' logs by offset and owns the launcher's standard
// output and error. The logs are written by somebody else, who calls
// [Input.Grew]; that never blocks. When the screen is slow the console falls
// behind the logs and nobody waits for it: what it has not shown yet is in the
// logs, so its memory is bounded whatever the workers do.
//
// A single worker without prefix, timestamps or dedup is passed through byte for
// byte. Everybody else is shown in whole lines:
//
//   - a line is never broken into by another rank, however long it is. One rule
//     bounds the wait: a line that its rank leaves unfinished for a while is
//     shown as far as it goes, and holds the screen for a second at most once
//     somebody else has something to say. Its rest then follows on a line of its
//     own, marked with "…";
//   - progress bars (lines rewritten with \r) are folded to their last state, or
//     drawn below the lines where the screen is a terminal;
//   - on a terminal only colours (SGR) pass; what moves the cursor, sets titles
//     or clears the screen would hurt the other ranks and is taken out. Anywhere
//     else the bytes of a line are exact.
//
// The flow:
//
//	Grew ─> ready list ─> merger (one goroutine) ─> lane buffer ─> lane writer ─> Sink
//	                          │ reads Source.Size/ReadAt
//
// There is one lane for each distinct place that the output goes to: one if
// stdout and stderr are the same terminal or pipe, else two, so that a pager
// that nobody reads holds up stdout and not the messages on stderr. A lane's
// writer is the only goroutine that may block.
package console
