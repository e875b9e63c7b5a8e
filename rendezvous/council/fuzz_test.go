package council

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

func text(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// odd are messages that are none, or no good ones.
var odd = []string{"", "null", "[]", "{}", `{"version":1}`, `{"version":2}`, `{"version":3}`, `{"version":2,"phase":"up","round":-1}`,
	`{"version":2,"stage":"running","life":"x"}`, `{"version":2,"stage":"gathering","life":"x","came":-1}`,
	`{"version":2,"do":"run","place":{"group_rank":1,"group_size":1}}`, `{"version":2,"do":"stop"}`, `{"version":2,"do":"stop","ended":{}}`}

// samples are messages of a world in which a lot has happened.
func samples() (statuses []Status, orders []Order, states []State) {
	w := newWorld(testTerms(1, 3), nodes(3)...)
	see := func() {
		for i := range w.seats {
			statuses, orders = append(statuses, w.seats[i].st), append(orders, w.seats[i].order)
		}
		if w.saved != nil {
			states = append(states, *w.saved)
		}
	}
	w.start(0)
	w.start(1)
	for len(w.net) > 0 {
		w.deliver(0)
		see()
	}
	for _, f := range []func(){
		func() { w.pass(1) }, func() { w.start(2) }, func() { w.again(1) }, func() { w.finish(0) }, func() { w.kill(0, true) },
		func() { w.fail(1); w.seats[2].slow = true }, func() { w.stop(2) },
	} {
		f()
		w.pass(1)
		see()
	}
	return
}

// use does with a council all that can be done.
func use(c *Council, now time.Time, statuses ...Status) {
	look := func() {
		for _, out := range c.Orders() {
			if _, err := ParseOrder(text(out.Order)); err != nil {
				panic(err)
			}
		}
		if s, ok := c.Save(); ok {
			if _, err := ParseState(s.Encode()); err != nil {
				panic(err)
			}
		}
		c.Seats(now)
		c.Wake()
		c.Over(now)
	}
	look()
	for range 3 {
		for _, s := range statuses {
			c.Hear(now, s)
			c.Order(s.ID)
			look()
			now = now.Add(tick)
			c.Tick(now)
			look()
		}
	}
	if len(statuses) > 0 {
		c.Closed(now, statuses[0].ID)
	}
	c.Tick(now.Add(time.Second))
	c.Abort(now.Add(time.Second), "a", rendezvous.Failure{Text: "x"})
	look()
	c.Tick(now.Add(time.Minute))
	look()
}

// FuzzParseStatus: a status that is taken does a council no harm, at any time.
func FuzzParseStatus(f *testing.F) {
	statuses, _, states := samples()
	for _, s := range statuses {
		f.Add(text(s))
	}
	for _, s := range odd {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatus(data)
		if err != nil {
			return
		}
		again(t, s, ParseStatus)
		other := statuses[0]
		use(New(Config{Terms: s.Terms, Epoch: 1, Life: "y"}, origin), origin, s, other)
		use(New(Config{Terms: other.Terms, Epoch: 1, Life: "y"}, origin), origin, other, s)
		for i := range states {
			use(New(Config{Terms: other.Terms, Epoch: 2, Life: "y", Saved: &states[i]}, origin), origin, s, other)
		}
	})
}

func FuzzParseOrder(f *testing.F) {
	_, orders, _ := samples()
	for _, o := range orders {
		f.Add(text(o))
	}
	for _, s := range odd {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ParseOrder(data)
		if err != nil {
			return
		}
		again(t, o, ParseOrder)
		if o.Do == Run && o.Place == nil || o.Do == Stop && o.Ended.Failure == nil {
			t.Fatalf("%s cannot be obeyed", data)
		}
	})
}

// FuzzParseState: a leader can go on from a state that is taken.
func FuzzParseState(f *testing.F) {
	statuses, _, states := samples()
	for _, s := range states {
		f.Add(s.Encode())
		s.Came = -1
		f.Add(s.Encode())
	}
	for _, s := range odd {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseState(data)
		if err != nil {
			return
		}
		again(t, s, ParseState)
		for _, st := range []Status{statuses[0], statuses[len(statuses)-1]} {
			use(New(Config{Terms: st.Terms, Epoch: 2, Life: "y", Saved: &s}, origin), origin, st)
		}
	})
}

// again reads a message that was read once more: it is the same.
func again[T any](t *testing.T, v T, parse func([]byte) (T, error)) {
	t.Helper()
	back, err := parse(text(v))
	if err != nil || !reflect.DeepEqual(text(v), text(back)) {
		t.Fatalf("%+v comes back as %+v (%v)", v, back, err)
	}
}
