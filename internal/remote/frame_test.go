package remote

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
)

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("Welcome!\n\x00sluice-no\x00\x00")
	w, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	big := bytes.Repeat([]byte("0123456789"), 20000)
	w.Message(Message{Hello: &Hello{Version: "v1", Addrs: []string{"127.0.0.1"}}})
	w.Bytes(7, big)
	w.Bytes(8, nil)
	w.Message(Message{Ended: &Ended{Result: &job.Result{RunID: strings.Repeat("x", 1<<20)}}})
	w.Message(Message{Bye: true})
	whole := bytes.Clone(b.Bytes())
	r, err := NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	var messages []*Message
	for {
		m, log, part, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if m != nil {
			messages = append(messages, m)
			continue
		}
		if log != 7 {
			t.Errorf("log %d", log)
		}
		got = append(got, part...)
	}
	if !bytes.Equal(got, big) || len(messages) != 3 || messages[0].Hello.Version != "v1" || len(messages[1].Ended.Result.RunID) != 1<<20 || !messages[2].Bye {
		t.Errorf("%d bytes, %+v", len(got), messages)
	}
	// Cut anywhere, it is an error, but for the bounds of frames.
	for cut := len(whole) - 12; cut < len(whole)-1; cut++ {
		if r, err = NewReader(bytes.NewReader(whole[:cut])); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, _, err = r.Read()
		}
		if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	if _, err := NewReader(strings.NewReader("command not found\n")); err != io.EOF {
		t.Errorf("no mark: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	var b bytes.Buffer
	w, _ := NewWriter(&b)
	w.Message(Message{Open: &Open{Log: 1, Rank: 3, Stream: job.Stderr}})
	w.Bytes(1, []byte("hello\n"))
	f.Add(b.Bytes())
	f.Add([]byte(Mark + "m\xff\xff\xff\xff{}"))
	f.Add([]byte(Mark + "b\x00\x00\x00\x03abc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		for {
			m, log, part, err := r.Read()
			if err != nil {
				return
			}
			if m == nil && (log < 0 || len(part) > maxBytes) {
				t.Errorf("log %d, %d bytes", log, len(part))
			}
		}
	})
}
