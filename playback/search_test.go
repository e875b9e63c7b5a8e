package playback

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

func search(t testing.TB, events []cast.Event, re string, o SearchOptions) []Match {
	t.Helper()
	var all []Match
	for m, err := range Search(FromEvents(header, events), regexp.MustCompile(re), o) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func (m Match) String() string {
	return fmt.Sprintf("%d-%d %d,%d %s", m.From/ms, m.Until/ms, m.Row, m.Col, m.Text)
}

func TestSearch(t *testing.T) {
	wide := strings.Repeat("x", 75)
	for _, c := range []struct {
		name   string
		re     string
		events []cast.Event
		want   []string
	}{
		{"stands and is erased", "needle", []cast.Event{ev(0, "$ "), ev(1000, "a needle"), ev(3000, "\x1b[2J"), ev(9000, "")},
			[]string{"1000-3000 0,4 needle"}},
		{"to the end", "need.e", []cast.Event{ev(1000, "\r\nneedle"), ev(3000, "\r\n"), ev(4000, ".")},
			[]string{"1000-4000 1,0 needle"}},
		{"comes in two pieces", "needle", []cast.Event{ev(1000, "nee"), ev(2000, "dle"), ev(3000, "\x1b[1;4Hp"), ev(4000, "")},
			[]string{"2000-3000 0,0 needle"}},
		{"twice in a line", "n+", []cast.Event{ev(0, "n nn"), ev(100, "\x1b[H "), ev(200, "")},
			[]string{"0-100 0,0 n", "0-200 0,2 nn"}},
		{"the rest of the line changes", "load", []cast.Event{ev(0, "load 1%"), ev(100, "\rload 2%"), ev(200, "\rload 3%"), ev(300, "")},
			[]string{"0-300 0,0 load"}},
		{"scrolls and is seen", "needle", []cast.Event{ev(0, strings.Repeat("\n", 20)+"needle\r\n"), ev(1000, "\n\n"), ev(2000, "\n\n\n"), ev(3000, strings.Repeat("\n", 30)), ev(4000, "")},
			[]string{"0-3000 20,0 needle"}},
		{"scrolls past", "needle", []cast.Event{ev(0, "$ "), ev(1000, strings.Repeat("\r\n", 30)+"needle"+strings.Repeat("\r\n", 30)), ev(2000, "")},
			[]string{"1000-1000 -1,0 needle"}},
		{"wrapped", "needle", []cast.Event{ev(0, wide+" needle"), ev(100, "")},
			[]string{"0-100 0,76 needle"}},
		{"behind the wrap", "needle$", []cast.Event{ev(0, wide+wide+" needle"), ev(100, "")},
			[]string{"0-100 1,71 needle"}},
		{"behind wide characters", "needle", []cast.Event{ev(0, "日本 e\u0301 needle"), ev(100, "")},
			[]string{"0-100 0,7 needle"}},
		{"any case", "(?i)sNEEk", []cast.Event{ev(0, "Sneek \u017fnee\u212a"), ev(100, "")},
			[]string{"0-100 0,0 Sneek", "0-100 0,6 \u017fnee\u212a"}},
		{"below the alternate screen", "needle", []cast.Event{ev(0, "needle"), ev(1000, "\x1b[?1049h"), ev(2000, "hay"), ev(3000, "\x1b[?1049l"), ev(4000, "")},
			[]string{"0-1000 0,0 needle", "3000-4000 0,0 needle"}},
		{"on the alternate screen", "needle", []cast.Event{ev(0, strings.Repeat("hay\r\n", 40)), ev(1000, "\x1b[?1049hneedle"), ev(3000, "\x1b[?1049l"), ev(4000, "")},
			[]string{"1000-3000 23,0 needle"}},
		{"another size", "needle", []cast.Event{ev(0, "a needle\r\n"), ev(1000, "r:5x10"), ev(2000, "r:80x24"), ev(3000, "\x1b[2J"), ev(4000, "")},
			[]string{"0-3000 0,2 needle"}},
		{"moves to another line", "needle", []cast.Event{ev(0, "needle"), ev(1000, "\x1b[H\x1b[L"), ev(2000, "\x1b[2J"), ev(4000, "")},
			[]string{"0-2000 0,0 needle"}},
		{"too short", "needle", []cast.Event{ev(0, ""), ev(1000, "needle"), ev(1001, "\x1b[2J"), ev(1002, "x"), ev(3000, "")}, nil},
		{"not there", "needle", []cast.Event{ev(0, "hay"), ev(10, "")}, nil},
		{"nothing", "", []cast.Event{ev(0, "hay"), ev(10, "")}, nil},
		{"empty or not", "x*", []cast.Event{ev(0, "axx"), ev(10, "")}, []string{"0-10 0,1 xx"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, m := range search(t, c.events, c.re, SearchOptions{}) {
				got = append(got, m.String())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// stand is a time for which a line had a match, as looking after every event shows.
type stand struct {
	from, until time.Duration
	line        string
}

func stands(events []cast.Event, re *regexp.Regexp) []stand {
	term := vt.New(80, 24, vt.Options{Scrollback: -1})
	var all []stand
	open := map[string]time.Duration{}
	for i, e := range events {
		apply(term, e)
		if i+1 < len(events) && events[i+1].Time == e.Time {
			continue
		}
		now := map[string]bool{}
		for line := range strings.Lines(term.Text(false)) {
			if line = strings.TrimSuffix(line, "\n"); re.MatchString(line) {
				now[line] = true
				if _, was := open[line]; !was {
					open[line] = e.Time
				}
			}
		}
		for line, from := range open {
			if !now[line] {
				all = append(all, stand{from, e.Time, line})
				delete(open, line)
			}
		}
	}
	for line, from := range open {
		all = append(all, stand{from, events[len(events)-1].Time, line})
	}
	return all
}

// Nothing that stood for long enough is missed, and what is found was there.
func TestSearchMissesNothing(t *testing.T) {
	for _, c := range []struct {
		re    string
		least int // matches that stood
	}{{`need\d+`, 60}, {`(?i)NEED[37]$`, 5}} {
		missesNothing(t, regexp.MustCompile(c.re), c.least)
	}
}

func missesNothing(t *testing.T, re *regexp.Regexp, least int) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 8))
		var events []cast.Event
		at := 0
		for i := range 700 {
			if r.IntN(2) == 0 {
				at += r.IntN(25)
			}
			text := fmt.Sprintf("\x1b[%d;1Hneed%d\x1b[K", 1+r.IntN(24), r.IntN(60))
			switch r.IntN(12) {
			case 0:
				text = fmt.Sprintf("\x1b[%d;1H\x1b[2K", 1+r.IntN(24))
			case 1:
				text = fmt.Sprintf("\x1b[24;1H\r\nneed%d", i)
			case 2:
				text = "\x1b[H\x1b[M"
			case 3:
				text = "hay\x1b[31mhay"
			}
			events = append(events, ev(at, text))
		}
		const hold = 50 * ms
		found := map[string][]Match{}
		n := 0
		for _, m := range search(t, events, re.String(), SearchOptions{Hold: hold}) {
			if m.Until < m.From {
				t.Fatalf("%v, seed %d: %v", re, seed, m)
			}
			found[m.Text] = append(found[m.Text], m)
			n++
		}
		all := stands(events, re)
		want := 0
		for _, s := range all {
			if s.until-s.from < hold {
				continue
			}
			want++
			text := re.FindString(s.line)
			// The line may have moved to another row meanwhile: several in turn count.
			slices.SortFunc(found[text], func(a, b Match) int { return cmp.Compare(a.From, b.From) })
			at := s.from
			for _, m := range found[text] {
				if m.From < at+hold && m.Until > at {
					at = m.Until
				}
			}
			if at <= s.until-hold {
				t.Fatalf("%v, seed %d: %q stood from %v to %v, found to %v: %v", re, seed, s.line, s.from, s.until, at, found[text])
			}
		}
		for text, ms := range found {
			for _, m := range ms {
				ok := m.Row < 0
				for _, s := range all {
					ok = ok || re.FindString(s.line) == text && s.from <= m.From && s.until >= m.From
				}
				if !ok {
					t.Fatalf("%v, seed %d: %v was not there", re, seed, m)
				}
			}
		}
		if want < least || n < want/4 {
			t.Fatalf("%v, seed %d: %d stood, %d found", re, seed, want, n)
		}
	}
}

// Lines that scroll past, however fast, are found once each.
func TestSearchScrolledPast(t *testing.T) {
	var events []cast.Event
	want := map[string]bool{}
	var b strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&b, "line %d, %s\r\n", i, strings.Repeat("y", i%150))
		if i%7 == 0 {
			fmt.Fprintf(&b, "needle%d\r\n", i)
			want[fmt.Sprintf("needle%d", i)] = true
		}
		if i%1000 == 999 {
			events = append(events, ev(i/100, b.String()))
			b.Reset()
		}
	}
	for _, m := range search(t, events, `needle\d+`, SearchOptions{}) {
		if !want[m.Text] {
			t.Fatalf("%v was found twice or is not there", m)
		}
		delete(want, m.Text)
	}
	if len(want) > 0 {
		t.Errorf("%d were missed: %v", len(want), want)
	}
}

func TestSearchStarts(t *testing.T) {
	events := []cast.Event{ev(0, "one"), ev(1000, "\r\none more"), ev(2000, "\x1b[H\x1b[K"), ev(3000, "")}
	var got []string
	for _, m := range search(t, events, "one", SearchOptions{Starts: true}) {
		got = append(got, m.String())
	}
	if want := "0-0 0,0 one, 1000-0 1,0 one"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	for range Search(FromEvents(header, events), regexp.MustCompile("one"), SearchOptions{Starts: true}) {
		break // the rest is not yielded, or it would panic
	}
}

func TestSearchBroken(t *testing.T) {
	src := &broken{FromEvents(header, []cast.Event{ev(0, "one"), ev(1000, "two"), ev(2000, "three")}), 2}
	var got []string
	var last error
	for m, err := range Search(src, regexp.MustCompile("one|two"), SearchOptions{}) {
		if last = err; err == nil {
			got = append(got, m.String())
		}
	}
	if !errors.Is(last, errBroken) || strings.Join(got, ", ") != "0-1000 0,0 one, 1000-1000 0,3 two" {
		t.Errorf("%q, %v", got, last)
	}
}
