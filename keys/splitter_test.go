package keys

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// show writes units as kind:bytes, with + after those inside of something.
func show(units []Unit) string {
	var s []string
	for _, u := range units {
		in := ""
		if u.Inside {
			in = "+"
		}
		s = append(s, fmt.Sprintf("%v%s:%q", u.Kind, in, u.Bytes))
	}
	return strings.Join(s, " ")
}

func TestSplitter(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"aé世\U0001F600", `text:"a" text:"é" text:"世" text:"😀"`},
		{"\x03\r\x7f\x00", `control:"\x03" control:"\r" control:"\x7f" control:"\x00"`},
		{"\x1b[A\x1bOP\x1b[1;5C\x1b[15~", `sequence:"\x1b[A" sequence:"\x1bOP" sequence:"\x1b[1;5C" sequence:"\x1b[15~"`},
		{"\x1ba\x1bé\x1b\r\x1b ", `sequence:"\x1ba" sequence:"\x1bé" sequence:"\x1b\r" sequence:"\x1b "`},
		{"\x1b\x1b[Aq", `sequence:"\x1b\x1b[A" text:"q"`},
		{"\x1b\x1bq", `control:"\x1b" sequence:"\x1bq"`},
		{"\x1b\x1b\x1b[A", `control:"\x1b" sequence:"\x1b\x1b[A"`},
		{"\x1b[[A\x1b[5u\x1b[27;5;93~\x1b[97:65;6:1;65u", `sequence:"\x1b[[A" sequence:"\x1b[5u" sequence:"\x1b[27;5;93~" sequence:"\x1b[97:65;6:1;65u"`},
		{"\x1b[M !!x", `mouse:"\x1b[M !!" text:"x"`},
		{"\x1b[M\x1b\x80\xffx", `mouse:"\x1b[M\x1b\x80\xff" text:"x"`},
		{"\x1b[<0;1;1M\x1b[<0;1;1m\x1b[32;5;5M", `mouse:"\x1b[<0;1;1M" mouse:"\x1b[<0;1;1m" mouse:"\x1b[32;5;5M"`},
		{"\x1b[I\x1b[O", `focus:"\x1b[I" focus:"\x1b[O"`},
		{"\x1b[200~a\x1b[201x\x1b[201~b", `paste+:"\x1b[200~" paste+:"a\x1b[201x" paste:"\x1b[201~" text:"b"`},
		{"\x1b[200~\x1b[201~", `paste+:"\x1b[200~" paste:"\x1b[201~"`},
		{"\x1b[?62;c\x1b[>1;2;0c\x1b[0n\x1b[5;7R\x1b[?5;7R\x1b[?2026;2$y\x1b[?1u\x1b[4;600;800t\x1b[?997;1n\x1b[48;24;80;0;0t",
			`reply:"\x1b[?62;c" reply:"\x1b[>1;2;0c" reply:"\x1b[0n" reply:"\x1b[5;7R" reply:"\x1b[?5;7R" reply:"\x1b[?2026;2$y" reply:"\x1b[?1u" reply:"\x1b[4;600;800t" reply:"\x1b[?997;1n" reply:"\x1b[48;24;80;0;0t"`},
		{"\x1b]11;rgb:0/0/0\x07\x1b]4;1;rgb:0/0/0\x1b\\\x1bP>|xterm(379)\x1b\\\x1b_Gi=1;OK\x1b\\\x1b]52;c;YQ==\x07",
			`reply:"\x1b]11;rgb:0/0/0\a" reply:"\x1b]4;1;rgb:0/0/0\x1b\\" reply:"\x1bP>|xterm(379)\x1b\\" reply:"\x1b_Gi=1;OK\x1b\\" reply:"\x1b]52;c;YQ==\a"`},
		{"\x1b[1;2R\x1b[1;17R\x1b[1;1R\x1b[1;2:1R", `sequence:"\x1b[1;2R" reply:"\x1b[1;17R" reply:"\x1b[1;1R" sequence:"\x1b[1;2:1R"`},
		{"\xff\xe2\x28\xc3\xe0\x80\x80a", `invalid:"\xff" invalid:"\xe2" text:"(" invalid:"\xc3" invalid:"\xe0" invalid:"\x80" invalid:"\x80" text:"a"`},
		{"\x1b\xffa", `control:"\x1b" invalid:"\xff" text:"a"`},
		{"\u0085", `control:"\u0085"`},
		{"\x1bPq\ry", `invalid:"\x1bPq" control:"\r" text:"y"`},
		{"\x1b[\x03", `sequence:"\x1b[" control:"\x03"`},
		{"\x1bP\x03", `sequence:"\x1bP" control:"\x03"`},
		{"\x1b[1;\x1b[A", `invalid:"\x1b[1;" sequence:"\x1b[A"`},
		{"\x1b]11;\x1b[A", `invalid:"\x1b]11;" sequence:"\x1b[A"`},
		{"\x1b[9é", `invalid:"\x1b[9" text:"é"`},
	} {
		var whole, single Splitter
		if got := show(whole.Feed([]byte(c.in))); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.in, got, c.want)
		}
		if whole.Pending() != 0 || !whole.Between() {
			t.Errorf("%q: %d bytes pending, between: %v", c.in, whole.Pending(), whole.Between())
		}
		// Byte by byte only a paste may come in more pieces.
		var units []Unit
		for i := range len(c.in) {
			units = append(units, single.Feed([]byte{c.in[i]})...)
		}
		if got := show(units); got != c.want && !strings.Contains(c.want, "paste") {
			t.Errorf("%q byte by byte:\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func TestSplitterFlush(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\x1b", `control:"\x1b"`},
		{"\x1b[", `sequence:"\x1b["`},
		{"\x1bO", `sequence:"\x1bO"`},
		{"\x1bP", `sequence:"\x1bP"`},
		{"\x1b\x1b", `sequence:"\x1b\x1b"`},
		{"\x1b[1;", `invalid:"\x1b[1;"`},
		{"\xe2\x82", `invalid:"\xe2\x82"`},
		{"\x1b]11;rgb", `invalid:"\x1b]11;rgb"`},
		{"", ``},
	} {
		var s Splitter
		if got := s.Feed([]byte(c.in)); len(got) != 0 || s.Pending() != len(c.in) {
			t.Errorf("%q: %s at once, %d pending", c.in, show(got), s.Pending())
		}
		if got := show(s.Flush()); got != c.want || s.Pending() != 0 {
			t.Errorf("%q flushed: %s; want %s", c.in, got, c.want)
		}
		if got := show(s.Feed([]byte("a"))); got != `text:"a"` {
			t.Errorf("after %q was flushed: %s", c.in, got)
		}
	}
	// A paste goes on after a pause, until it is given up.
	var s Splitter
	s.Feed([]byte("\x1b[200~a\x1b[20"))
	if got := show(s.Flush()); got != `paste+:"\x1b[20"` || s.Between() {
		t.Errorf("within a paste: %s", got)
	}
	if got := show(s.Feed([]byte("b\x1b"))); got != `paste+:"b"` {
		t.Errorf("the paste goes on: %s", got)
	}
	if got := show(s.Reset()); got != `paste:"\x1b"` || !s.Between() {
		t.Errorf("given up: %s", got)
	}
}

func TestSplitterHooks(t *testing.T) {
	s := Splitter{CPRExpected: func() bool { return true }}
	if got := show(s.Feed([]byte("\x1b[1;2R"))); got != `reply:"\x1b[1;2R"` {
		t.Error(got)
	}
	s = Splitter{UTF8Mouse: true}
	if got := show(s.Feed([]byte("\x1b[M \u0100\u0200x"))); got != `mouse:"\x1b[M ĀȀ" text:"x"` {
		t.Error(got)
	}
	// A long reply comes in pieces, and nothing between them.
	s = Splitter{Limit: 8}
	in := "\x1b]52;c;" + strings.Repeat("A", 20) + "\x07b"
	if got := show(s.Feed([]byte(in))); got != `reply+:"\x1b]52;c;A" reply+:"AAAAAAAA" reply+:"AAAAAAAA" reply:"AAA\a" text:"b"` {
		t.Error(got)
	}
	s = Splitter{Limit: 8}
	if got := show(s.Feed([]byte("\x1b]52;c;A\x03b"))); got != `reply+:"\x1b]52;c;A" control:"\x03" text:"b"` || !s.Between() {
		t.Error(got)
	}
	s = Splitter{Limit: 8}
	if got := show(s.Feed([]byte("\x1b]52;c;A\x1b[A"))); got != `reply+:"\x1b]52;c;A" sequence:"\x1b[A"` || !s.Between() {
		t.Error(got)
	}
}

func FuzzSplitter(f *testing.F) {
	for _, s := range []string{"a\x1b[A\x1bOP", "\x1b[200~x\x1b[201~y", "\x1b[M\x1b\x1b\x1b", "\x1b]11;rgb:0\x1b\\", "\x1b\x1b\x1bP\x18", "\xff\xe2\x82\xac", "\x1b[1;2R\x1b[[A", "\x1b]52;c;AAAAAAAAAAAAAAAAAAAAAAAA\x1b[A\x07"} {
		f.Add([]byte(s), uint64(0x5a5a))
		f.Add([]byte(s), uint64(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, cuts uint64) {
		s := Splitter{Limit: 16, UTF8Mouse: cuts&1 != 0}
		var units []Unit
		last := 0
		for i := range in {
			if cuts>>(i%64)&1 != 0 {
				units = append(units, s.Feed(in[last:i])...)
				if i%7 == 3 && cuts>>32&1 != 0 {
					units = append(units, s.Flush()...)
				}
				last = i
			}
		}
		units = append(units, s.Feed(in[last:])...)
		if s.Pending() > csiLimit+16 {
			t.Fatalf("%d bytes are held", s.Pending())
		}
		units = append(units, s.Reset()...)
		if s.Pending() != 0 || !s.Between() {
			t.Fatal("something is left after Reset")
		}
		var joined []byte
		for _, u := range units {
			if len(u.Bytes) == 0 {
				t.Fatalf("an empty unit in %s", show(units))
			}
			joined = append(joined, u.Bytes...)
		}
		if !bytes.Equal(joined, in) {
			t.Fatalf("%q became %s", in, show(units))
		}
		// However it is cut, the same units come, but for the pieces of pastes.
		if cuts>>32&1 == 0 {
			whole := Splitter{Limit: 16, UTF8Mouse: cuts&1 != 0}
			all := append(whole.Feed(in), whole.Reset()...)
			if a, b := show(joinPastes(units)), show(joinPastes(all)); a != b {
				t.Fatalf("%q cut differently:\n%s\n%s", in, a, b)
			}
		}
	})
}

// joinPastes makes one unit of the pieces of a paste.
func joinPastes(units []Unit) []Unit {
	var out []Unit
	for _, u := range units {
		if n := len(out); n > 0 && u.Kind == Pasted && out[n-1].Inside && out[n-1].Kind == Pasted {
			out[n-1].Bytes = append(bytes.Clone(out[n-1].Bytes), u.Bytes...)
			out[n-1].Inside = u.Inside
			continue
		}
		out = append(out, u)
	}
	return out
}
