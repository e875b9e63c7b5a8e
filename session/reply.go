package session

import (
	"context"
	"strconv"
	"time"
)

// The program asks its terminal questions, and exactly one terminal answers: the
// emulator while nobody is attached, else that of the primary client. When the
// primary never gets to see a question, because it could not keep up and was
// given the screen instead, the emulator's answer is sent after all.

const (
	// maxAsked bounds the answers that are waited for.
	maxAsked = 64
	// answerTime is how long a terminal's answer counts as one: what comes later
	// could be the answer to nothing, and must not become keys.
	answerTime = 2 * time.Second
)

// replySource is the source of what terminals answer, the emulator or that of a
// client: recordings do not have it, for nobody typed it.
const replySource = "reply"

// answer is what the emulator would have said.
type answer struct {
	at   int64 // the log's offset behind the question, or a little later
	data []byte
}

// reply is called by the emulator, below the lock.
func (s *Session) reply(p []byte) {
	b := append([]byte(nil), p...)
	if s.primary == nil {
		// Not from here: the program may not be reading, and who feeds the
		// emulator must not wait.
		s.answering(b)
		return
	}
	s.answers = append(s.answers, answer{s.until, b})
	s.answers = s.answers[max(0, len(s.answers)-maxAsked):]
}

// answering writes an answer of the emulator.
func (s *Session) answering(b []byte) {
	select {
	case s.replies <- b:
	default: // a program that asks and does not read what it is told
	}
}

// answer writes the emulator's answers, in order.
func (s *Session) answer() {
	for {
		select {
		case b := <-s.replies:
			s.writeReply(b)
		case <-s.shown:
			return
		}
	}
}

// seen forgets the answers to questions that the primary's terminal was shown.
// The caller holds mu.
func (s *Session) seen(off int64) {
	keep := s.answers[:0]
	for _, a := range s.answers {
		if a.at > off {
			keep = append(keep, a)
		}
	}
	s.answers = keep
}

// unseen gives the emulator's answers to questions that the primary's terminal
// will never be shown. The caller holds mu.
func (s *Session) unseen() {
	for _, a := range s.answers {
		s.answering(a.data)
		if len(s.asked) > 0 {
			s.asked = s.asked[1:]
		}
	}
	s.answers = nil
}

// expected tells whether an answer of a terminal is one to a question of the
// program's, and counts it. The caller holds mu.
func (s *Session) expected(now time.Time) bool {
	s.forgetAsked(now)
	if len(s.asked) == 0 {
		return false
	}
	s.asked = s.asked[1:]
	return true
}

func (s *Session) forgetAsked(now time.Time) {
	for len(s.asked) > 0 && now.Sub(s.asked[0]) > answerTime {
		s.asked = s.asked[1:]
	}
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// writeReply writes an answer of the emulator.
func (s *Session) writeReply(b []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), replyTime)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		defer s.giveTurn()
	case <-s.exited:
		return
	case <-ctx.Done():
		return
	}
	st, err := s.master.LineState()
	if err != nil {
		return
	}
	s.put(ctx, replySource, b, "", st)
}
