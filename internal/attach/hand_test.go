//go:build linux || darwin

package attach

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

// typing sends p, in pieces of cut bytes, through a client without a terminal and
// returns the frames that come of it.
func typing(t testing.TB, o Options, p []byte, cut int) []got {
	t.Helper()
	var b bytes.Buffer
	c := &client{o: o, queue: newQueue(&b)}
	if err := c.hand.init(o); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	for len(p) > 0 {
		n := min(max(cut, 1), len(p))
		c.typed(p[:n], now)
		p = p[n:]
	}
	c.handTick(now.Add(sequenceTime)) // before the detach key's time
	c.queue.end(time.Minute)
	var frames []got
	for r := session.NewFrameReader(&b); ; {
		kind, p, err := r.Read()
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, got{kind, string(p)})
	}
}

// Nothing that is typed is lost or doubled, and what follows a part is its rest.
func FuzzTyped(f *testing.F) {
	for _, p := range []string{"ls\r", "\x1b[A\x1b", "\x1b[200~paste\x1b[201~x", "\x1b[?1;2c", "\xff\xe2\x82", "\x1b]11;rgb:0/0/0\a", "\x1b[200~open", "a\x1d\x1db"} {
		f.Add([]byte(p), 2)
	}
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		var sent []byte
		for i, g := range typing(t, Options{DetachKey: "none"}, p, cut) {
			if g.kind != session.FrameKeys && g.kind != session.FrameKeysPart {
				t.Fatalf("frame %d is %c", i, g.kind)
			}
			if g.payload == "" {
				t.Errorf("frame %d is empty", i)
			}
			sent = append(sent, g.payload...)
		}
		if !bytes.Equal(sent, p) {
			t.Errorf("sent %q", sent)
		}
		// With a detach key nothing is added.
		n := 0
		for _, g := range typing(t, Options{}, p, cut) {
			if g.kind == session.FrameKeys || g.kind == session.FrameKeysPart {
				n += len(g.payload)
			}
		}
		if n > len(p) {
			t.Errorf("%d bytes were sent of %d", n, len(p))
		}
		typing(t, Options{ReadOnly: true}, p, cut)
	})
}

// Keys of the recording's own, also where nothing detaches.
func TestRecordingKeys(t *testing.T) {
	var h hand
	if err := h.init(Options{DetachKey: "none", PauseKey: "F9", MarkerKey: "Ctrl+\\"}); err != nil {
		t.Fatal(err)
	}
	var p prefix
	for _, c := range []struct {
		in   string
		send bool
		do   order
	}{
		{"x", true, orderNone}, {"\x1b[20~", false, orderPause}, {"\x1c", false, orderMark}, {"\x1d", true, orderNone},
		{"\x1b[92;5u", false, orderMark}, {"\x1b[92;5:2u", false, orderNone}, {"\x1b[92;5:3u", false, orderNone},
	} {
		u := h.split.Feed([]byte(c.in))
		if len(u) != 1 {
			t.Fatalf("%q: %d units", c.in, len(u))
		}
		if send, do := p.feed(h.stroke(u[0]), time.Now()); send != c.send || do != c.do {
			t.Errorf("%q: %v %v", c.in, send, do)
		}
	}
	if err := new(hand).init(Options{PauseKey: "Hyperspace"}); err == nil || !strings.Contains(err.Error(), "Hyperspace") {
		t.Errorf("%v", err)
	}
}

func TestStroke(t *testing.T) {
	var h hand
	if err := h.init(Options{}); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]stroke{
		"d":               {kind: strokeKey, key: "d", char: 'd'},
		"D":               {kind: strokeKey, key: "d", char: 'd'}, // Caps Lock
		"?":               {kind: strokeKey, key: "?", char: '?'},
		"\x04":            {kind: strokeKey, key: "d"}, // Ctrl+D is no d
		"\x1d":            {kind: strokePrefix, key: "]"},
		"\x1b[93;5u":      {kind: strokePrefix, key: "]"},
		"\x1b[93;5:1u":    {kind: strokePrefix, key: "]"},
		"\x1b[93::93;5u":  {kind: strokePrefix, key: "]"},
		"\x1b[93;69u":     {kind: strokePrefix, key: "]"}, // with Caps Lock
		"\x1b[27;5;93~":   {kind: strokePrefix, key: "]"},
		"\x1b[93;5:2u":    {kind: strokeRepeat, key: "]"},
		"\x1b[93;5:3u":    {kind: strokeRelease, key: "]"},
		"\x1b[93;1:3u":    {kind: strokeRelease, key: "]"}, // Ctrl was let go first
		"\x1b[57442;5u":   {kind: strokeOther, key: "LeftCtrl"},
		"\x1b[57442;1:3u": {kind: strokeRelease, key: "LeftCtrl"},
		"\x1b[I":          {kind: strokeOther},
		"\x1b[<0;1;1M":    {kind: strokeOther},
		"\x1b[?1;2c":      {kind: strokeOther},
		"\x1b[A":          {kind: strokeKey, key: "Up"},
	} {
		u := h.split.Feed([]byte(in))
		if len(u) != 1 {
			t.Errorf("%q: %d units", in, len(u))
			continue
		}
		if diff := cmp.Diff(want, h.stroke(u[0]), cmp.AllowUnexported(stroke{})); diff != "" {
			t.Errorf("%q (-want +got)\n%s", in, diff)
		}
	}
}

// Whatever form a terminal sends the detach key in, it is found: all that package
// keys can make of it.
func TestStrokeForms(t *testing.T) {
	for _, name := range []string{"Ctrl+]", "Ctrl+\\", "Ctrl+A", "F12", "Ctrl+Alt+Q", "Ctrl+^"} {
		var h hand
		if err := h.init(Options{DetachKey: name}); err != nil {
			t.Fatal(err)
		}
		for _, m := range []vt.Modes{{}, {AppCursor: true}, {ModifyOtherKeys: 2}, {Kitty: vt.KittyDisambiguate},
			{Kitty: vt.KittyDisambiguate | vt.KittyEvents | vt.KittyAlternates | vt.KittyAllKeys | vt.KittyText}} {
			b, err := h.detach.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			if s := h.stroke(keys.Unit{Kind: keys.Sequence, Bytes: b}); s.kind != strokePrefix {
				t.Errorf("%s as %q: %+v", name, b, s)
			}
		}
	}
}
