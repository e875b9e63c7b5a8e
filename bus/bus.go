package bus

import (
	"context"
	"errors"
	"time"
)

// MaxMessage is how many bytes of data a message may have: what NATS carries by
// default, less some room for its own words.
const MaxMessage = 1<<20 - 1<<10

// ErrNobody means that nobody serves the subject, which is known at once: the
// process that did has ended, or its connection has.
var ErrNobody = errors.New("nobody answers there")

// ErrClosed is the error of every call after Close.
var ErrClosed = errors.New("this connection to the bus is closed")

// Bus is one process's connection to the others of a run. Local is one within a
// process; package natsbus has NATS. Package bustest is the conformance suite.
//
// A subject is a list of words between dots, as "run.7.node.3": letters, digits,
// "-" and "_". In Serve a word may be "*", any one word, and the last may be ">",
// one word or more.
//
// Messages of one sender to one subject, calls among them, arrive in order, or not
// at all: what is published while a connection is down may be lost. A connection
// hears its own messages, too. Where several serve a subject each hears every
// message, and a call has the answer that comes first. A Bus may be used from
// many goroutines at once.
type Bus interface {
	// Publish sends data to whoever serves subject now, perhaps nobody. It does
	// not wait for them. data may be used again afterwards.
	Publish(subject string, data []byte) error

	// Call sends data and waits for one answer. ErrNobody comes at once if
	// nobody serves subject; a call whose context has ended returns an error
	// that wraps the context's. Who serves and ends without an answer leaves the
	// call to its context.
	Call(ctx context.Context, subject string, data []byte) ([]byte, error)

	// Serve hears what comes to subject, one message after the other, until
	// stop or Close: handle must not wait for another message of the same
	// Serve. Once Serve has returned, others can be heard. stop returns when
	// handle is not running and will not run again; messages that wait for it
	// are forgotten. handle itself must not call it.
	Serve(subject string, handle func(Message)) (stop func(), err error)

	// Flush returns when everything that was published before has left this
	// process for good.
	Flush(ctx context.Context) error

	// Link tells how the connection is.
	Link() Link

	// Close ends the connection: calls and handlers under way are waited for,
	// up to a second. Messages that no handler has begun are forgotten. To close
	// again does nothing.
	Close() error
}

// Message is what a server hears.
type Message struct {
	Subject string
	Data    []byte // of the handler's to keep
	answer  func([]byte) error
}

// NewMessage is for those who implement Bus; answer is nil for a message that
// was published.
func NewMessage(subject string, data []byte, answer func([]byte) error) Message {
	return Message{Subject: subject, Data: data, answer: answer}
}

// Call tells whether the sender waits for an answer.
func (m Message) Call() bool { return m.answer != nil }

// Answer sends the answer to a Call; to a publication it does nothing. It may be
// called after the handler has returned, once.
func (m Message) Answer(data []byte) error {
	if m.answer == nil {
		return nil
	}
	return m.answer(data)
}

// Link is the state of a connection.
type Link struct {
	Up    bool
	Since time.Time // of Up, or of its loss
	// Refused tells of a link that is down that the last attempt found the
	// host, and nobody listening there: whoever served has ended, and no
	// network stands between us.
	Refused bool
	// Err is why it is down.
	Err error
}
