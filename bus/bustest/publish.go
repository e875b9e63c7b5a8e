package bustest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluicerun/sluice/bus"
)

func publishReachesAll(s *suite) {
	sender := s.connect("sender")
	var all []<-chan bus.Message
	for i := range 3 {
		b := s.connect(fmt.Sprint("server", i))
		all = append(all, s.collect(b, "sluice.test.a"))
		if i == 0 { // twice on one connection
			all = append(all, s.collect(b, "sluice.test.a"))
		}
	}
	s.ok(sender.Publish("sluice.test.a", []byte("hello")))
	s.ok(sender.Publish("sluice.test.a", nil))
	for _, heard := range all {
		if m := s.next(heard); string(m.Data) != "hello" || m.Subject != "sluice.test.a" || m.Call() {
			s.Fatalf("heard %+v", m)
		}
		if m := s.next(heard); len(m.Data) != 0 {
			s.Fatalf("heard %+v, want nothing", m)
		}
	}
}

func publishToNobody(s *suite) {
	b := s.connect("sender")
	s.ok(b.Publish("sluice.test.nobody", []byte("x")))
	s.ok(b.Flush(s.ctx))
}

func publishCopies(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	one, two := s.collect(server, "sluice.test.a"), s.collect(server, "sluice.test.a")
	data := []byte("before")
	s.ok(sender.Publish("sluice.test.a", data))
	copy(data, "behind")
	m := s.next(one)
	copy(m.Data, "mine!!") // is the handler's own
	if got := s.next(two); string(m.Data) != "mine!!" || string(got.Data) != "before" {
		s.Fatalf("heard %q", got.Data)
	}
}

func hearsItself(s *suite) {
	b := s.connect("one")
	heard := s.collect(b, "sluice.test.a")
	s.ok(b.Publish("sluice.test.a", []byte("x")))
	s.next(heard)
	s.serve(b, "sluice.test.echo", echo)
	if got, err := b.Call(s.ctx, "sluice.test.echo", []byte("y")); err != nil || string(got) != "y" {
		s.Fatalf("answer %q, %v", got, err)
	}
}

func order(s *suite) {
	const senders, messages = 4, 2000
	server := s.connect("server")
	heard := s.collect(server, "sluice.test.*")
	var wg sync.WaitGroup
	for i := range senders {
		b := s.connect(fmt.Sprint("sender", i))
		wg.Go(func() {
			for n := range messages {
				if err := b.Publish(fmt.Sprintf("sluice.test.%d", i), count(n)); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	next := map[string]int{}
	for range senders * messages {
		m := s.next(heard)
		if want := string(count(next[m.Subject])); string(m.Data) != want {
			s.Fatalf("%s: message %q came, not %q", m.Subject, m.Data, want)
		}
		next[m.Subject]++
	}
	wg.Wait()
}

// orderOfCalls is what streams rest on.
func orderOfCalls(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	heard := make(chan string, 1000)
	s.serve(server, "sluice.test.a", func(m bus.Message) {
		heard <- string(m.Data)
		echo(m)
	})
	var want []string
	for i := range 50 {
		for _, w := range []string{fmt.Sprint("publish", i), fmt.Sprint("call", i)} {
			want = append(want, w)
			if strings.HasPrefix(w, "publish") {
				s.ok(sender.Publish("sluice.test.a", []byte(w)))
				continue
			}
			_, err := sender.Call(s.ctx, "sluice.test.a", []byte(w))
			s.ok(err)
		}
	}
	var got []string
	for range want {
		got = append(got, wait(s, heard, "a message"))
	}
	if !slices.Equal(got, want) {
		s.Fatalf("heard %q", got)
	}
}

func wildcards(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	patterns := []string{"sluice.test.a.b", "sluice.test.*.b", "sluice.test.a.*", "sluice.test.a.>", "sluice.test.>", "sluice.test.*", "sluice.test.*.*.c", "sluice.test.*.>"}
	heard := map[string]<-chan bus.Message{}
	for _, p := range patterns {
		heard[p] = s.collect(server, p)
	}
	for _, c := range []struct {
		subject string
		by      []string
	}{
		{"sluice.test.a.b", []string{"sluice.test.a.b", "sluice.test.*.b", "sluice.test.a.*", "sluice.test.a.>", "sluice.test.>", "sluice.test.*.>"}},
		{"sluice.test.c.b", []string{"sluice.test.*.b", "sluice.test.>", "sluice.test.*.>"}},
		{"sluice.test.a", []string{"sluice.test.*", "sluice.test.>"}},
		{"sluice.test.a.b.c", []string{"sluice.test.a.>", "sluice.test.>", "sluice.test.*.*.c", "sluice.test.*.>"}},
		{"sluice.test.a_-9Z", []string{"sluice.test.*", "sluice.test.>"}},
	} {
		s.ok(sender.Publish(c.subject, []byte("x")))
		for _, p := range patterns {
			if !slices.Contains(c.by, p) {
				continue
			}
			if m := s.next(heard[p]); m.Subject != c.subject {
				s.Fatalf("%s heard %s, not %s", p, m.Subject, c.subject)
			}
		}
	}
	// What somebody heard too much is before this.
	s.ok(sender.Publish("sluice.test.a.b", []byte("last")))
	for _, p := range []string{"sluice.test.a.b", "sluice.test.*.b", "sluice.test.a.*", "sluice.test.a.>", "sluice.test.>", "sluice.test.*.>"} {
		if m := s.next(heard[p]); string(m.Data) != "last" {
			s.Fatalf("%s heard %s, too", p, m.Subject)
		}
	}
	for _, p := range []string{"sluice.test.*", "sluice.test.*.*.c"} {
		if len(heard[p]) > 0 {
			s.Fatalf("%s heard %s, too", p, (<-heard[p]).Subject)
		}
	}
}

func badSubjects(s *suite) {
	b := s.connect("one")
	for _, subject := range []string{"", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB x 0\r\n", "a.é", "a.*x", "a.\x00"} {
		if err := b.Publish(subject, nil); err == nil {
			s.Errorf("published on %q", subject)
		}
		if _, err := b.Call(s.ctx, subject, nil); err == nil {
			s.Errorf("called %q", subject)
		}
		if _, err := b.Serve(subject, echo); err == nil {
			s.Errorf("served %q", subject)
		}
	}
	for _, subject := range []string{"sluice.test.*", "sluice.test.>"} {
		if err := b.Publish(subject, nil); err == nil {
			s.Errorf("published on %q", subject)
		}
		if _, err := b.Call(s.ctx, subject, nil); err == nil {
			s.Errorf("called %q", subject)
		}
	}
	if _, err := b.Serve("sluice.test.>.x", echo); err == nil {
		s.Error("served sluice.test.>.x")
	}
}

func sizes(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	heard := s.collect(server, "sluice.test.a")
	s.serve(server, "sluice.test.echo", echo)
	for _, size := range []int{0, 1, 4096, 65537, bus.MaxMessage} {
		data := make([]byte, size)
		_, _ = rand.Read(data) // never fails
		s.ok(sender.Publish("sluice.test.a", data))
		if m := s.next(heard); !bytes.Equal(m.Data, data) {
			s.Fatalf("%d bytes came as %d others", size, len(m.Data))
		}
		got, err := sender.Call(s.ctx, "sluice.test.echo", data)
		if s.ok(err); !bytes.Equal(got, data) {
			s.Fatalf("%d bytes came back as %d others", size, len(got))
		}
	}
}

func tooLarge(s *suite) {
	sender, server := s.connect("sender"), s.connect("server")
	refused := make(chan error, 1)
	s.serve(server, "sluice.test.a", func(m bus.Message) {
		if m.Call() {
			refused <- m.Answer(make([]byte, bus.MaxMessage+1))
		}
		echo(m)
	})
	large := make([]byte, bus.MaxMessage+1)
	const size = "1047553" // in the words of the error
	if err := sender.Publish("sluice.test.a", large); err == nil || !strings.Contains(err.Error(), size) {
		s.Errorf("publishing too much: %v", err)
	}
	if _, err := sender.Call(s.ctx, "sluice.test.a", large); err == nil || !strings.Contains(err.Error(), size) {
		s.Errorf("calling with too much: %v", err)
	}
	// The connection is as good as before, for an answer after the refused one, too.
	if got, err := sender.Call(s.ctx, "sluice.test.a", []byte("x")); err != nil || string(got) != "x" {
		s.Errorf("answer %q, %v", got, err)
	}
	if err := wait(s, refused, "the handler"); err == nil || !strings.Contains(err.Error(), size) {
		s.Errorf("answering too much: %v", err)
	}
}
