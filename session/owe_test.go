package session

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/vt"
)

// memoryLog is a log that nothing writes to a disk.
type memoryLog struct{ bytes.Reader }

func (l *memoryLog) Size() int64 { return l.Reader.Size() }

// owing is a session without a program, whose feed is run by hand.
type owing struct {
	*Session
	f    feeder
	log  []byte
	told [][]byte
}

func newOwing(t testing.TB, most int64) *owing {
	s, err := newSession(Options{Size: Size{Cols: 20, Rows: 5}})
	if err != nil {
		t.Fatal(err)
	}
	o := &owing{Session: s, f: feeder{s: s, most: most, buf: make([]byte, 16)}}
	s.vt = terminal(&o.told)
	return o
}

// terminal is an emulator whose answers are put into told.
func terminal(told *[][]byte) *vt.Terminal {
	return vt.New(20, 5, vt.Options{Version: "test", Reply: func(p []byte) { *told = append(*told, bytes.Clone(p)) }})
}

// output has the program write something, which comes in one piece.
func (o *owing) output(p []byte) {
	o.log = append(o.log, p...)
	l := &memoryLog{}
	l.Reset(o.log)
	o.mu.Lock()
	o.opt.Log = l
	o.noted = int64(len(o.log))
	o.mu.Unlock()
	for o.owed < o.noted && o.f.next(o.owed, o.noted) {
	}
}

// said is what was answered since it was asked last.
func (o *owing) said() [][]byte {
	all := o.told
	o.told = nil
	return all
}

// fragments are what streams are made of here: what is owed, what is not, and what
// looks like one of them.
var fragments = []string{
	"text", "\r\n", "\n", "\x1b[31m", "\x1b[1;38:2::1:2:3m", "\x1b[0K", "\x1b[2J", "\x1b[3;4H", "\x1b[A", "\x1b[999m", "\t\b\a",
	"\x1b[c", "\x1b[>c", "\x1b[=c", "\x1b[5n", "\x1b[6n", "\x1b[?996n", "\x1bZ", "\x1b[?2026$p", "\x1b[20$p", "\x1b[?u", "\x1b[>q", "\x1b[18t", "\x1b[x", "\x1b[?4m",
	"\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\", "\x1b]10;?\a", "\x1b]4;1;?\x1b\\", "\u009b6n", "\u009bc", "\u009d11;?\a", "\u0090$qr\u009c",
	"\x1b[?1h", "\x1b[?1l", "\x1b[?1049h", "\x1b[?1049l", "\x1b=", "\x1b>", "\x1b[>1u", "\x1b[<u", "\x1b[!p", "\x1bc", "\x1b[?2004h", "\x1b[?1000;1006h",
	"\x1b]2;title\a", "\x1b]133;A\a", "\x1b]133;D;1\a", "\x1b[2;3r", "\x1b[r", "\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x05", "\x18", "\x1a",
	"\x1b", "\x1b[", "\x1b[3", "\x1b]", "\x1bP", "\x1b^", "\x1b\\", "[6n", "6n", "n", "c", "m", "\xc2", "\x9b", "\x9d", "\xe2\x82", "é°»", "日本", "\xe2", "\xff", "?", ";", "$p",
}

func mixed(r *rand.Rand) []byte {
	var b []byte
	for range r.IntN(60) {
		b = append(b, fragments[r.IntN(len(fragments))]...)
	}
	return b
}

// checkOwing has a session be in a flood of p, in pieces, and compares with an
// emulator that is shown everything as it comes: answers and modes at once, the
// screen when somebody looks.
func checkOwing(t *testing.T, p []byte, most int64, cut func(left int) int) {
	t.Helper()
	o := newOwing(t, most)
	var want [][]byte
	eager := terminal(&want)
	for rest := p; len(rest) > 0; {
		n := cut(len(rest))
		o.output(rest[:n])
		eager.Write(rest[:n])
		rest = rest[n:]
		got := o.said()
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("the end of %q was answered with %q, want %q", p[:len(p)-len(rest)], got, want)
		}
		want = nil
		if o.vt.Modes() != eager.Modes() || o.vt.Title() != eager.Title() || o.vt.QueryCount() != eager.QueryCount() || o.queries != eager.QueryCount() ||
			o.vt.Prompt().Count != eager.Prompt().Count || o.vt.Prompt().State != eager.Prompt().State {
			t.Fatalf("modes, title, questions or prompts differ behind %q", p[:len(p)-len(rest)])
		}
		if o.owed-o.off > most {
			t.Fatalf("%d bytes are owed, at most %d are to be", o.owed-o.off, most)
		}
	}
	o.f.run, o.f.flood = 0, 1 // a pause
	o.output(nil)
	o.catchUp()
	defer o.mu.Unlock()
	if o.off != int64(len(p)) {
		t.Fatalf("the emulator was shown %d bytes of %q, of %d", o.off, p, len(p))
	}
	if got := o.said(); len(got) > 0 {
		t.Errorf("%q was answered late, with %q", p, got)
	}
	if !bytes.Equal(eager.Dump(), o.vt.Dump()) || eager.Scrolled() != o.vt.Scrolled() || !bytes.Equal(eager.Pending(), o.vt.Pending()) {
		t.Errorf("%q leads to another state (-want +got):\n%s", p, cmp.Diff(eager.Snapshot(true), o.vt.Snapshot(true)))
	}
}

func TestOwing(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 1))
		piece := 1 + r.IntN(40)
		checkOwing(t, mixed(r), int64(r.IntN(200)), func(left int) int { return min(left, 1+r.IntN(piece)) })
	}
}

// What real programs wrote is shown as ever.
func TestOwingRecorded(t *testing.T) {
	files, err := filepath.Glob("../vt/testdata/streams/*.raw.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no streams: %v", err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(io.LimitReader(z, 32<<10))
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(len(p)), 3))
		checkOwing(t, p, 8<<10, func(left int) int { return min(left, 1+r.IntN(2000)) })
	}
}

func FuzzOwing(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(mixed(rand.New(rand.NewPCG(seed, 2))), uint8(seed+1), uint8(10*seed))
	}
	for _, s := range fragments {
		f.Add([]byte("a"+s+"b"), uint8(1), uint8(50))
	}
	f.Fuzz(func(t *testing.T, p []byte, piece, most uint8) {
		if len(p) > 4<<10 {
			return
		}
		checkOwing(t, p, int64(most), func(left int) int { return min(left, int(piece)+1) })
	})
}

// What is owed is exactly what may be: text and its colours, and nothing else.
func TestPlain(t *testing.T) {
	for _, c := range []struct {
		in  string
		n   int
		cut bool
	}{
		{"", 0, false},
		{"text\r\n", 6, false},
		{"a\x1b[1;31mb\x1b[Kc", 13, false},
		{"a\x1b", 1, true},
		{"a\x1b[3", 1, true},
		{"a\x1b[6n", 1, false},
		{"a\x1b[?25", 1, false},
		{"a\x05", 1, false},
		{"é\xc2\xb0", 4, false},
		{"a\xc2", 1, true},
		{"a\xc2\x05", 1 + 1, false},
		{"a\xc2\x9b", 1, false},
		{"a\x1b[3\x05", 1, false},
		{"a\x1b[3\xc2", 1, false},
		{"a\x1b]0;t\a", 1, false},
	} {
		if n, cut := plain([]byte(c.in)); n != c.n || cut != c.cut {
			t.Errorf("of %q are %d bytes plain (cut: %v), want %d (%v)", c.in, n, cut, c.n, c.cut)
		}
	}
	if n, cut := plain([]byte("\x1b[" + string(bytes.Repeat([]byte("1"), 100)))); n != 0 || cut {
		t.Errorf("an endless sequence: %d, %v", n, cut)
	}
}

// A key is not to wait for the screen that it is typed on, but later that is what
// counts as known.
func TestBaselineIsOwed(t *testing.T) {
	o := newOwing(t, 1<<20)
	o.output([]byte("one\r\n"))
	if o.off != 0 {
		t.Fatal("nothing is owed")
	}
	o.remember("key")
	o.output([]byte("two\r\n"))
	o.catchUp()
	defer o.mu.Unlock()
	if got := o.text(o.base["key"]); got != "two\n" {
		t.Errorf("since the key there is %q", got)
	}
}

// Who waits for a size gets it behind what was written before.
func TestResizeBehindOwed(t *testing.T) {
	o := newOwing(t, 1<<20)
	o.output([]byte("0123456789012345678\r\n"))
	o.mu.Lock()
	o.resize, o.resizeAt = &Size{Cols: 10, Rows: 5}, o.noted
	o.mu.Unlock()
	o.output([]byte("abcdefghijkl"))
	o.mu.Lock()
	defer o.mu.Unlock()
	want := vt.New(20, 5, vt.Options{})
	want.Write([]byte("0123456789012345678\r\n"))
	want.Resize(10, 5)
	want.Write([]byte("abcdefghijkl"))
	if !bytes.Equal(want.Dump(), o.vt.Dump()) {
		t.Errorf("the screen is %q, want %q", o.vt.Dump(), want.Dump())
	}
}

// While somebody watches, and where the log forgets, nothing is owed.
func TestOwesNobodyWhoLooks(t *testing.T) {
	o := newOwing(t, 1<<20)
	_, leave := o.watch()
	o.output([]byte("one"))
	if o.off != 3 {
		t.Error("who watches was not shown it")
	}
	leave()
	o.output([]byte("two"))
	if o.off != 3 {
		t.Error("nothing is owed")
	}
	o.clients = []*client{{opt: AttachOptions{Terminal: true}}}
	o.output([]byte("four"))
	if o.off != 10 {
		t.Error("a terminal is attached, and something is owed")
	}
	o.clients = nil
	o.output([]byte("fives"))
	if o.off != 10 {
		t.Error("nothing is owed")
	}
	o.opt.Forgets = true
	o.output([]byte("three"))
	if o.off != 20 {
		t.Error("the log forgets, and something is owed")
	}
}
