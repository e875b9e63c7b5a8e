package bus_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicerun/sluice/bus"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// connect returns a connection that is closed with the test.
func connect(t *testing.T, l *bus.Local, name string) bus.Bus {
	b := l.Connect(name)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func serve(t *testing.T, b bus.Bus, subject string, handle func(bus.Message)) {
	t.Helper()
	_, err := b.Serve(subject, handle)
	ok(t, err)
}

// within is a context that ends after d.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func echo(m bus.Message) { _ = m.Answer(m.Data) }

// gone is what the bus tells next.
func gone(l *bus.Local) string {
	select {
	case name := <-l.Gone():
		return name
	default:
		return ""
	}
}

func TestLocalCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		var heard []string
		serve(t, b, "x", func(m bus.Message) { heard = append(heard, string(m.Data)); echo(m) })
		began := time.Now()
		time.Sleep(time.Second)
		l.Cut("b", true)

		if link := b.Link(); link.Up || link.Refused || link.Err == nil || !link.Since.Equal(began.Add(time.Second)) {
			t.Errorf("a link that is cut: %+v", link)
		}
		if err := b.Publish("x", nil); err == nil {
			t.Error("published through a link that is cut")
		}
		if err := b.Flush(t.Context()); err == nil {
			t.Error("flushed a link that is cut")
		}
		for _, c := range []bus.Bus{a, b} {
			start := time.Now()
			_, err := c.Call(within(t, 3*time.Second), "x", []byte("lost"))
			is(t, err, context.DeadlineExceeded)
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("a call waited %v", took)
			}
		}
		ok(t, a.Publish("x", []byte("lost")))
		if late := connect(t, l, "b"); late.Link().Up {
			t.Error("a new connection under a name that is cut is up")
		}
		l.Cut("b", false)
		if link := b.Link(); !link.Up || !link.Since.Equal(time.Now()) {
			t.Errorf("a link that came back: %+v", link)
		}
		_, err := a.Call(within(t, time.Second), "x", []byte("there"))
		ok(t, err)
		synctest.Wait()
		if !slices.Equal(heard, []string{"there"}) {
			t.Errorf("heard %q", heard)
		}
		if name := gone(l); name != "" {
			t.Errorf("%s is told to be gone", name)
		}
	})
}

func TestLocalKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		entered, leave, answered := make(chan bool), make(chan bool), make(chan error, 1)
		serve(t, b, "x", func(m bus.Message) {
			entered <- true
			<-leave
			answered <- m.Answer(nil)
		})
		waits := make(chan error, 1)
		go func() {
			_, err := a.Call(within(t, time.Minute), "x", nil)
			waits <- err
		}()
		<-entered
		l.Kill("b")
		if name := gone(l); name != "b" {
			t.Errorf("%q is told to be gone", name)
		}
		_, err := a.Call(t.Context(), "x", nil)
		is(t, err, bus.ErrNobody)
		is(t, b.Publish("x", nil), bus.ErrClosed)
		close(leave) // what a killed process would say is not heard
		is(t, <-answered, bus.ErrClosed)
		is(t, <-waits, context.DeadlineExceeded)

		b = connect(t, l, "b") // the next process
		serve(t, b, "x", echo)
		_, err = a.Call(t.Context(), "x", nil)
		ok(t, err)
		ok(t, b.Close())
		if name := gone(l); name != "b" {
			t.Errorf("%q is told to be gone", name)
		}
	})
}

func TestLocalKillWhileCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		serve(t, b, "x", echo)
		l.Cut("b", true)
		l.Kill("b")
		if name := gone(l); name != "" {
			t.Errorf("%s is told to be gone, by whom?", name)
		}
		_, err := a.Call(within(t, time.Second), "x", nil)
		is(t, err, context.DeadlineExceeded)
		l.Cut("b", false)
		if name := gone(l); name != "b" {
			t.Errorf("%q is told to be gone", name)
		}
		_, err = a.Call(within(t, time.Second), "x", nil)
		is(t, err, bus.ErrNobody)
	})
}

func TestLocalFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		var heard []string
		serve(t, b, "x.*", func(m bus.Message) { heard = append(heard, m.Subject); echo(m) })
		var mu sync.Mutex
		var asked []string
		l.SetFaults(func(from, to, subject string) bus.Fault {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, from+" "+to+" "+subject)
			switch subject {
			case "x.drop":
				return bus.Fault{Drop: true}
			case "x.late":
				return bus.Fault{Delay: time.Second}
			case "x.twice":
				return bus.Fault{Duplicate: true}
			case "x.deaf":
				return bus.Fault{Drop: from == "b"}
			}
			return bus.Fault{}
		})
		for _, s := range []string{"x.drop", "x.late", "x.late", "x.twice", "x.one"} {
			ok(t, a.Publish(s, nil))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if want := []string{"x.twice", "x.twice", "x.one", "x.late", "x.late"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
		mu.Lock()
		asked, heard = nil, nil
		mu.Unlock()
		start := time.Now()
		_, err := a.Call(t.Context(), "x.late", nil)
		if ok(t, err); time.Since(start) != 2*time.Second {
			t.Errorf("a late call and its answer took %v", time.Since(start))
		}
		mu.Lock()
		if want := []string{"a b x.late", "b a x.late"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
		mu.Unlock()
		_, err = a.Call(within(t, time.Second), "x.deaf", nil)
		is(t, err, context.DeadlineExceeded)
		_, err = a.Call(t.Context(), "x.twice", nil)
		ok(t, err)
		synctest.Wait()
		if want := []string{"x.late", "x.deaf", "x.twice", "x.twice"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
		l.SetFaults(nil)
		_, err = a.Call(t.Context(), "x.drop", nil)
		ok(t, err)
	})
}

// TestLocalDelayKeepsOrder has all messages take the same time.
func TestLocalDelayKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		l.SetFaults(func(string, string, string) bus.Fault { return bus.Fault{Delay: time.Millisecond} })
		var heard []byte
		serve(t, b, "x", func(m bus.Message) { heard = append(heard, m.Data...) })
		var want []byte
		for i := range 250 {
			want = append(want, byte(i))
			ok(t, a.Publish("x", []byte{byte(i)}))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(heard, want) {
			t.Errorf("heard %d", heard)
		}
	})
}

func TestLocalCloseWaitsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bus.NewLocal()
		a, b := connect(t, l, "a"), connect(t, l, "b")
		leave := make(chan bool)
		serve(t, b, "x", func(bus.Message) { <-leave })
		ok(t, a.Publish("x", nil))
		synctest.Wait()
		start := time.Now()
		go b.Close()
		ok(t, b.Close())
		if took := time.Since(start); took != time.Second {
			t.Errorf("Close took %v", took)
		}
		close(leave)
	})
}

func TestLocalGoneKeepsTheLast(t *testing.T) {
	l := bus.NewLocal()
	for range 2000 {
		ok(t, l.Connect("early").Close())
	}
	ok(t, l.Connect("last").Close())
	var name string
	n := 0
	for next := gone(l); next != ""; next = gone(l) {
		name = next
		n++
	}
	if name != "last" || n != 1024 {
		t.Errorf("%d names, the last is %q", n, name)
	}
}
