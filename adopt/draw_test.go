package adopt

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
)

func pipeline() *Plumbing {
	five := 5
	port := func(fd int, k Kind, in, out bool, link int, name string) Port {
		return Port{FDs: []int{fd}, Kind: k, In: in, Out: out, Link: link, Name: name}
	}
	return &Plumbing{
		Processes: []Node{
			{Who: Who{101, "cat"}, Command: []string{"cat", "/var/log/a file with a long name.log"}, Ports: []Port{
				port(0, FIFO, true, false, -1, "fifo /run/fifo"), port(1, Pipe, false, true, 0, "pipe"), port(2, PTY, false, true, -1, "/dev/pts/3")}},
			{Who: Who{102, "grep"}, Command: []string{"grep", "-v", "x\n"}, Asked: true, Ports: []Port{
				port(0, Pipe, true, false, 0, "pipe"), port(1, Pipe, false, true, 1, "pipe"), port(2, PTY, false, true, -1, "/dev/pts/3"), port(3, Socket, true, true, 2, "socketpair")}},
			{Who: Who{103, "sort"}, Command: []string{"sort"}, Ports: []Port{
				port(0, Pipe, true, false, 1, "pipe"), port(1, File, false, true, -1, "/home/somebody/with/a/long/path/out.txt")}},
			{Who: Who{104, "日本語"}, Command: []string{"日本語"}, Ports: []Port{port(0, Socket, true, true, 2, "socketpair")}},
		},
		Links: []Link{{Kind: Pipe, Name: "pipe", Waiting: &five}, {Kind: Pipe, Name: "pipe"}, {Kind: Socket, Name: "socketpair"}},
		Terminals: []TerminalState{{Name: "/dev/pts/3", Index: 3, Modes: &Modes{Canonical: true, Echo: true, Signals: true, Cols: 80, Rows: 24},
			Masters: []End{{Who: Who{90, "tmux: server"}, FD: 7}}}},
	}
}

const drawn = `
                        ┌─ cat 101 ────────────────┐
     fifo /run/fifo ───▶│0 cat /var/log/a file w… 1├───╮      pipe, 5 bytes wait
         /dev/pts/3 ◀───┤2                         │   │
                        └──────────────────────────┘   │
                        ╔═ grep 102 ═══════════════╗   │
         /dev/pts/3 ◀───╢2 grep -v x\n            0║◀──╯
                        ║                         1╟───╮      pipe
                        ║                         3║◀─▶┼──╮   socketpair
                        ╚══════════════════════════╝   │  │
                        ┌─ sort 103 ───────────────┐   │  │
…/long/path/out.txt ◀───┤1 sort                   0│◀──╯  │
                        └──────────────────────────┘      │
                        ┌─ 日本語 104 ─────────────┐      │
                        │  日本語                 0│◀─▶───╯
                        └──────────────────────────┘

/dev/pts/3  held by tmux: server (90) fd 7
            80x24, canonical, echo, signals
`

func TestDraw(t *testing.T) {
	var b bytes.Buffer
	if err := Draw(&b, pipeline(), DrawOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := drawn[1:]; b.String() != want {
		t.Errorf("got\n%s\nnot\n%s", b.String(), want)
	}
	for _, ascii := range []bool{false, true} {
		for _, width := range []int{20, 60, 80, 133, 500} {
			b.Reset()
			if err := Draw(&b, pipeline(), DrawOptions{Width: width, ASCII: ascii}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := displaywidth.String(strings.TrimRight(line, "\n")); n > max(width, 60) {
					t.Errorf("%d columns where there are %d:\n%s", n, width, line)
				}
				if ascii && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
					t.Error(line)
				}
			}
		}
	}
}

// A ring has an order, too, and one that does not depend on chance.
func TestFlowOrder(t *testing.T) {
	for range 20 {
		rank := flowOrder([]int{9, 5, 7, 1}, map[int][]int{9: {5}, 5: {7}, 7: {9}, 1: {9}})
		if rank[1] != 0 || rank[5] != 1 || rank[7] != 2 || rank[9] != 3 {
			t.Fatal(rank)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Live().Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
