package edit

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit/internal/automaton"
)

// Rule is what is secret.
type Rule struct {
	// Re finds it. If it has a group called secret, as in (?P<secret>...), only that
	// is replaced. See [Redactor] for what text it sees. It matches as Perl would,
	// leftmost-first, also if it was compiled otherwise.
	Re *regexp.Regexp
	// With replaces a match. If it is empty, every character becomes stars, as many
	// as it has columns, so that nothing on the screen moves.
	With string
}

// RedactOptions bound what a [Redactor] holds back.
type RedactOptions struct {
	// MaxHold is how many bytes may wait for the end of a match; 0 is 4096, and
	// 1 MiB for recordings that are there ([Redact]). A match that is longer is
	// hidden from the first byte on if its begin is a match already, and else from
	// where the limit was reached.
	MaxHold int
	// HoldTime is how long they may wait; 0 is 200 ms. Only [Redactor.Tick] lets
	// time pass, so it does not count for [Redact].
	HoldTime time.Duration
}

// Redactor replaces what is secret in events as they happen. Every event that
// comes in goes out, in the same order and with its time; only the characters of
// matches are other ones.
//
// Rules see text: what was written without its control sequences, so a match may
// go over colours, over titles being set, and over the ends of events. Output and
// typed input are a text each. Tabs are characters; line feeds, carriage returns
// and whatever else takes the cursor to another line or an absolute place end the
// line, which rules see as one line feed. They match within a line unless they
// have the flag s or a line feed outside of a class. ^ and $ are the ends of lines.
//
// Where the cursor goes back in the line, as when a shell draws a command anew,
// the line counts as it is seen: characters written over others, deleted, put in,
// and erased, up to 1 KiB before. All that was ever written to a place of a match
// is replaced, as long as it has not gone out: [Redact] waits for the end of every
// line, and a Redactor only where a match is pending. Typed input knows the keys
// backspace, left and right.
//
// Not found are: what a program puts together from several lines or by absolute
// positions, what a line editor has broken at the right edge itself, what is
// encoded (base64, percent), images, and typed or shown text of which the begin
// had to go out before its end came (see [RedactOptions]).
//
// The texts of titles, links, notifications and of shells' marks (OSC 0, 1, 2, 7,
// 8, 9, 133, 633, 777), of markers, comments and unknown events are searched each
// by itself.
//
// A Redactor is for one goroutine.
type Redactor struct {
	rules   []Rule
	options RedactOptions
	out, in *stream
	single  *stream // for texts by themselves

	queue []held
	bytes int // in the queue
	now   time.Duration
	ready []cast.Event
	mem   []byte
}

// held is an event that waits. Its bytes are those from..until of a stream, or
// Data for others.
type held struct {
	event       cast.Event
	stream      *stream
	from, until int64
	since       time.Duration
}

// NewRedactor returns a redactor with these rules. The error is that of a rule
// without an expression, or with one that package regexp/syntax does not take.
func NewRedactor(rules []Rule, o RedactOptions) (*Redactor, error) {
	var exprs []string
	for i, r := range rules {
		if r.Re == nil {
			return nil, fmt.Errorf("rule %d of what to redact has no expression", i+1)
		}
		exprs = append(exprs, r.Re.String())
	}
	if o.MaxHold < 0 || o.HoldTime < 0 {
		return nil, errors.New("redacting: a limit of what is held back is negative")
	}
	if o.MaxHold == 0 {
		o.MaxHold = 4 << 10
	}
	if o.HoldTime == 0 {
		o.HoldTime = 200 * time.Millisecond
	}
	set, err := automaton.Compile(exprs)
	if err != nil {
		return nil, fmt.Errorf("redacting: %w", err)
	}
	rules = slices.Clone(rules)
	return &Redactor{
		rules: rules, options: o,
		out: newStream(rules, set, false), in: newStream(rules, set, true), single: newStream(rules, set, false),
	}, nil
}

// Feed takes an event, whose Data is copied, and gives those that may go out now.
// They are valid until the next call.
func (r *Redactor) Feed(e cast.Event) []cast.Event {
	r.begin()
	r.now = max(r.now, e.Time)
	h := held{event: e, since: r.now}
	switch e.Code {
	case cast.Output:
		h.stream = r.out
	case cast.Input:
		h.stream = r.in
	case cast.Resize, cast.Exit, cast.Signal:
		h.event.Data = slices.Clone(e.Data)
	default:
		h.event.Data = r.redactData(e)
	}
	if s := h.stream; s != nil {
		h.from = s.end()
		s.feed(e.Data)
		h.until = s.end()
		h.event.Data = nil
	}
	r.queue = append(r.queue, h)
	r.bytes += size(h)
	return r.release(false)
}

// Due is when [Redactor.Tick] is to be called; ok is false if nothing waits.
func (r *Redactor) Due() (at time.Duration, ok bool) {
	if len(r.queue) == 0 {
		return 0, false
	}
	return r.queue[0].since + r.options.HoldTime, true
}

// Tick says that the recording's time is now, and gives what has waited for too
// long with all behind it. The events are valid until the next call.
func (r *Redactor) Tick(now time.Duration) []cast.Event {
	r.begin()
	r.now = max(r.now, now)
	if at, ok := r.Due(); !ok || r.now < at {
		return nil
	}
	r.force(false)
	return r.release(true)
}

// Flush gives all that waits, as the recording is over. The events are valid until
// the next call.
func (r *Redactor) Flush() []cast.Event {
	r.begin()
	r.force(true)
	return r.release(true)
}

// eventSize is what an event counts for in memory beside its data.
const eventSize = 64

func size(h held) int { return int(h.until-h.from) + len(h.event.Data) + eventSize }

func (r *Redactor) force(over bool) {
	r.out.force(over)
	r.in.force(over)
}

// begin makes the memory of the events that went out free.
func (r *Redactor) begin() { r.ready, r.mem = r.ready[:0], r.mem[:0] }

// release takes from the queue what is decided, or all.
func (r *Redactor) release(all bool) []cast.Event {
	n := r.decided(all)
	if n == 0 && len(r.queue) > 0 && r.waiting() > r.options.MaxHold {
		r.force(false)
		n = len(r.queue)
	}
	for i := range r.queue[:n] {
		h := &r.queue[i]
		r.bytes -= size(*h)
		if s := h.stream; s != nil {
			if s.patches.touches(h.until) {
				from := len(r.mem)
				r.mem = s.bytes(r.mem, h.from, h.until)
				h.event.Data = r.mem[from:len(r.mem):len(r.mem)]
			} else {
				h.event.Data = s.buf[h.from-s.base : h.until-s.base : h.until-s.base]
			}
			s.patches.drop(h.until)
		}
		r.ready = append(r.ready, h.event)
	}
	clear(r.queue[:n])
	r.queue = append(r.queue[:0], r.queue[n:]...)
	return r.ready
}

// decided is how many events at the head of the queue may go out.
func (r *Redactor) decided(all bool) int {
	if all {
		return len(r.queue)
	}
	out, in := r.out.free(), r.in.free()
	for i, h := range r.queue {
		if h.stream == r.out && h.until > out || h.stream == r.in && h.until > in {
			return i
		}
	}
	return len(r.queue)
}

// waiting is how many bytes wait: those of the first event only from where it is
// not decided.
func (r *Redactor) waiting() int {
	h := r.queue[0]
	n := r.bytes - size(h)
	if h.stream != nil {
		n += int(h.until - max(h.stream.free(), h.from))
	}
	return n
}
