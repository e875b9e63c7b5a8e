package attach

import (
	"testing"
	"time"
)

func TestPrefix(t *testing.T) {
	press := func(c rune) stroke { return stroke{kind: strokeKey, key: string(c), char: c} }
	prefixKey := stroke{kind: strokePrefix, key: "]", char: ']'}
	up := func(c string) stroke { return stroke{kind: strokeRelease, key: c} }
	type step struct {
		in    stroke
		after time.Duration
		send  bool
		do    order
	}
	for _, c := range []struct {
		name  string
		steps []step
		due   bool // it detaches when nothing follows
	}{
		{"ordinary keys pass", []step{{in: press('d'), send: true}, {in: press('t'), send: true}}, false},
		{"alone", []step{{in: prefixKey}}, true},
		{"d", []step{{in: prefixKey}, {in: press('d'), do: orderDetach}}, false},
		{"t g h ?", []step{{in: prefixKey}, {in: press('t'), do: orderTake}, {in: prefixKey}, {in: press('g'), do: orderGive},
			{in: prefixKey}, {in: press('h'), do: orderHelp}, {in: prefixKey}, {in: press('?'), do: orderHelp}}, false},
		{"another key is not sent", []step{{in: prefixKey}, {in: press('x'), do: orderUnknown}, {in: press('x'), send: true}}, false},
		{"twice is one for the program", []step{{in: prefixKey}, {in: prefixKey, send: true}}, false},
		{"three times", []step{{in: prefixKey}, {in: prefixKey, send: true}, {in: prefixKey}}, true},
		{"its release is swallowed", []step{{in: prefixKey}, {in: up("]")}, {in: press('t'), do: orderTake}, {in: up("t")}, {in: up("t"), send: true}}, false},
		{"the literal one goes up too", []step{{in: prefixKey}, {in: up("]")}, {in: prefixKey, send: true}, {in: up("]"), send: true}}, false},
		{"held down", []step{{in: prefixKey}, {in: stroke{kind: strokeRepeat, key: "]"}}, {in: stroke{kind: strokeRepeat, key: "]"}}}, true},
		{"the mouse and replies pass", []step{{in: prefixKey}, {in: stroke{kind: strokeOther}, send: true}}, true},
		{"a modifier's release passes", []step{{in: prefixKey}, {in: up("Ctrl"), send: true}, {in: press('d'), do: orderDetach}}, false},
		{"a key of no letter", []step{{in: prefixKey}, {in: stroke{kind: strokeKey, key: "Up"}, do: orderUnknown}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p prefix
			now := time.Unix(1000, 0)
			for i, s := range c.steps {
				now = now.Add(s.after)
				if send, do := p.feed(s.in, now); send != s.send || do != s.do {
					t.Errorf("step %d: sent %v, order %d; want %v, %d", i, send, do, s.send, s.do)
				}
			}
			if p.expire(now.Add(patience - 1)) {
				t.Error("detached too early")
			}
			if got := p.expire(now.Add(patience)); got != c.due {
				t.Errorf("detached: %v, want %v", got, c.due)
			}
			if p.expire(now.Add(2 * patience)) {
				t.Error("detached twice")
			}
		})
	}
}
