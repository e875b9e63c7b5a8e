package council

import (
	"cmp"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"testing"
	"time"
)

// The model check: the orders of events of a small world, up to a number of
// faults; exhaust_test.go sees all of them. The invariants are looked at where things happen, in world_test.go;
// here it is seen that each state leads to the end of the run once faults stop.

var deep = flag.Int("deep", 0, "states of each case of the model check to see at most, and the larger ones of TestEvery as well (0: a quick look)")

// quick is how many states of a case the model check sees when nobody asked for
// more: breadth first, so all the short histories.
const quick = 15_000

// move is one event.
type move struct {
	kind moveKind
	at   int // a seat or a packet
}

type moveKind int

const (
	deliver moveKind = iota
	stops
	passes
	finishes
	turns // to the new leader
	heals
	starts
	closes // what follows costs a fault
	failsAgain
	failsGood
	leaves
	dies
	diesUnheard
	isCut
	stopsSlowly
	loses
	delays
	doubles
	leaderDies
	leaderParts
	asks
	moveKinds
)

var moveNames = [...]string{"deliver", "stops", "tick", "finishes", "turns", "heals", "starts", "closed", "again", "fail", "leaves", "dies",
	"dies unheard", "cut", "slow", "lost", "delayed", "doubled", "leader dies", "leader parts", "asks"}

func (m move) String() string { return fmt.Sprint(moveNames[m.kind], " ", m.at) }

// moves are those that are possible; the ones that cost a fault only if faulty.
func (w *world) moves(faulty bool, births int) []move {
	var out []move
	add := func(k moveKind, at int) { out = append(out, move{k, at}) }
	still := true // nothing is under way that comes within this tick
	for k, p := range w.net {
		add(deliver, k)
		if !p.late {
			still = false
			if faulty {
				add(loses, k)
				add(delays, k)
				add(doubles, k)
			}
		}
	}
	for i := range w.seats {
		s := &w.seats[i]
		if !s.on {
			if s.births < births && s.told == "" {
				add(starts, i)
			}
			continue
		}
		if s.stops() {
			add(stops, i)
			if !s.slow {
				still = false
				if faulty {
					add(stopsSlowly, i)
				}
			}
		}
		if s.cut {
			add(heals, i)
		}
		if s.to != w.chairs[len(w.chairs)-1].epoch {
			add(turns, i)
		}
		working := s.joined && s.live >= 0 && s.st.End == nil
		if working {
			add(finishes, i)
		}
		if !faulty {
			continue
		}
		add(dies, i)
		add(diesUnheard, i)
		if working {
			add(failsAgain, i)
			add(failsGood, i)
		} else if s.order.Epoch > 0 && s.st.Phase == Idle && !s.quits() {
			add(failsGood, i)
		}
		if s.live < 0 || working {
			add(leaves, i)
		}
		if s.order.Epoch > 0 && !s.st.stops() {
			add(asks, i)
		}
		if !s.cut {
			add(isCut, i)
			add(closes, i)
		}
	}
	if still {
		add(passes, 0)
	}
	if faulty {
		add(leaderDies, 0)
		if len(w.chairs) == 1 {
			add(leaderParts, 0)
		}
	}
	return out
}

// apply lets a move happen.
func (w *world) apply(m move) {
	i := m.at
	switch m.kind {
	case deliver:
		w.deliver(i)
	case stops:
		w.stop(i)
	case passes:
		w.tick()
	case finishes:
		w.finish(i)
	case turns:
		w.seats[i].to = w.chairs[len(w.chairs)-1].epoch
		w.send(i)
	case heals:
		w.seats[i].cut = false
		w.send(i)
	case starts:
		w.start(i)
	case closes:
		// Its link is mended at once: one that stays away for longer than
		// Confirm, and lives, is outside of what the council promises.
		w.closed(i)
		for _, ch := range w.chairs {
			ch.c.Here(w.seats[i].st.ID)
		}
	case failsAgain:
		w.again(i)
	case failsGood:
		w.fail(i)
	case leaves:
		w.goes(i)
	case dies:
		w.kill(i, true)
	case diesUnheard:
		w.kill(i, false)
	case isCut:
		w.seats[i].cut = true
		w.net = slices.DeleteFunc(w.net, func(p packet) bool { return p.seat == i && !p.late })
	case stopsSlowly:
		w.seats[i].slow = true
	case loses:
		w.net = slices.Delete(w.net, i, i+1)
	case delays:
		w.net[i].late = true
	case doubles:
		p := w.net[i]
		w.deliver(i)
		p.late = true
		w.net = append(w.net, p)
	case leaderDies:
		w.succeed(true, 0)
	case leaderParts:
		w.succeed(true, w.lease/2)
	case asks:
		w.ask(i)
	}
}

// settles lets faults stop: everybody is there and hears everybody, and workers
// succeed once all of them are up. That must end the run. Known are states of which
// that was seen; nil: none is kept.
func (w *world) settles(known map[uint64]struct{}) string {
	w.net = slices.DeleteFunc(w.net, func(p packet) bool { return p.late })
	for i := range w.seats {
		s := &w.seats[i]
		s.cut, s.slow, s.to = false, false, w.chairs[len(w.chairs)-1].epoch
		if s.on && s.quits() && s.live < 0 {
			w.goes(i) // who has given up goes
		}
		if !s.on && s.told == "" {
			w.start(i)
		}
	}
	var way []uint64
	for range 120 {
		w.pass(1)
		key := maphash.Bytes(hashes, w.encode())
		_, ends := known[key]
		if way = append(way, key); ends || w.broken != "" || w.ended() {
			break
		}
		if w.lead().stage == running && w.allUp() {
			for i := range w.seats {
				if s := &w.seats[i]; s.joined && s.live >= 0 {
					w.finish(i)
				}
			}
		}
	}
	if last := way[len(way)-1]; w.broken == "" && !w.ended() {
		if _, ends := known[last]; !ends {
			return fmt.Sprintf("the run does not end: stage %s, round %d, %s", w.lead().stage, w.lead().round, play{world: w}.picture())
		}
	}
	if known != nil {
		for _, key := range way {
			known[key] = struct{}{}
		}
	}
	return w.broken
}

// ended tells that the run is over and everybody has gone.
func (w *world) ended() bool {
	return w.lead().stage == over && !slices.ContainsFunc(w.seats, func(s seat) bool { return s.on })
}

// allUp tells that all members who are not done have begun the round.
func (w *world) allUp() bool {
	for _, m := range w.lead().members {
		if !m.Done && !slices.ContainsFunc(w.seats, func(s seat) bool { return s.st.ID == m.ID && s.on && s.joined && s.st.Round == w.lead().round }) {
			return false
		}
	}
	return true
}

// node is a state that was seen, and how it was come to.
type node struct {
	w      *world
	from   int32
	by     move
	faults int8
}

// explore sees up to most states.
func explore(t *testing.T, w *world, faults, births, most int) {
	t.Helper()
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	list := []node{{w: w, from: -1, faults: int8(faults)}}
	trace := func(n node, last string) string {
		words := []string{last}
		for ; n.from >= 0; n = list[n.from] {
			words = append(words, n.by.String())
		}
		slices.Reverse(words)
		return strings.Join(words, ", ")
	}
	next := 0
	for ; next < len(list) && len(list) < most; next++ {
		n := list[next]
		for _, m := range n.w.moves(n.faults > 0, births) {
			left := n.faults
			if m.kind >= closes {
				left--
			}
			v := n.w.clone()
			v.apply(m)
			if v.broken != "" {
				t.Fatalf("%s\nafter %s", v.broken, trace(n, m.String()))
			}
			key := maphash.Bytes(seed, append(v.encode(), byte(left)))
			if seen[key] {
				continue
			}
			seen[key] = true
			list = append(list, node{v, int32(next), m, left})
			if len(list)%16 == 0 {
				if why := v.clone().settles(nil); why != "" {
					t.Fatalf("%s\nafter %s", why, trace(n, m.String()))
				}
			}
		}
		list[next].w = nil
	}
	how := "all"
	if next < len(list) {
		how = "the first"
	}
	t.Logf("%s %d states seen", how, len(list))
}

func TestModel(t *testing.T) {
	most := max(quick, *deep)
	for _, c := range []struct {
		name           string
		low, high, n   int
		faults, births int
	}{
		{"two of two", 2, 2, 2, 2, 2},
		{"one or two", 1, 2, 2, 2, 2},
		{"two or three", 2, 3, 3, 1, 1},
		{"one to three", 1, 3, 3, 2, 2},
		{"two and a spare", 2, 2, 3, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(testTerms(c.low, c.high), nodes(c.n)...)
			explore(t, w, c.faults, c.births, most)
		})
		t.Run(c.name+", formed", func(t *testing.T) {
			t.Parallel()
			w := newWorld(testTerms(c.low, c.high), nodes(c.n)...)
			for i := range c.n {
				w.start(i)
			}
			w.pass(2)
			explore(t, w, c.faults, c.births, most)
		})
	}
}

// encode writes what matters of a world for what can happen from now on: times
// as ages, message numbers as their order.
func (w *world) encode() []byte { return w.encodeTo(nil) }

func (w *world) encodeTo(out []byte) []byte {
	e := encoder{w: w, out: out}
	e.numbers()
	for i := range w.seats {
		s := &w.seats[i]
		e.bits(s.on, s.cut, s.slow, s.joined, s.told != "")
		e.num(s.births)
		if !s.on {
			continue
		}
		e.num(s.live, int(s.to), min(w.now-s.heard, w.lease))
		e.status(i, s.st)
		e.bits(s.quits() && s.acked < s.st.Seq)
		o := s.order
		if o.Do != Run || o.Round <= s.st.Round {
			o.Place, o.Restarts = nil, 0
		}
		e.order(i, o)
	}
	e.num(len(w.net))
	list := make([]string, len(w.net))
	for k := range w.net {
		p := &w.net[k]
		at := len(e.out)
		e.str(p.id)
		e.bits(p.up, p.late, p.sent < 0)
		e.num(p.seat, int(p.to), min(w.now-p.sent, w.lease))
		if p.up {
			e.status(p.seat, p.st)
		} else {
			e.order(p.seat, p.order)
			e.bits(w.seats[p.seat].quits() && p.acks >= w.seats[p.seat].st.Seq)
		}
		list[k] = string(e.out[at:])
		e.out = e.out[:at]
	}
	slices.Sort(list)
	e.str(list...)
	for _, ch := range w.chairs {
		e.num(int(ch.epoch), max(ch.until-w.now, 0))
		e.council(ch.c)
	}
	if w.saved != nil {
		e.str(string(w.saved.Stage), w.saved.Life)
		e.bits(w.saved.First, w.saved.Verdict != nil)
		e.num(w.saved.Round, w.saved.Restarts, w.saved.Came, w.saved.Overruled)
		e.members(w.saved.Members)
	}
	f := w.formed
	e.num(f.round, f.size, f.restarts, f.master.Round, len(w.fails))
	taken, done := []byte(f.taken), []byte(f.done)
	slices.Sort(taken)
	slices.Sort(done)
	e.str(f.master.Addr, string(taken), string(done), w.verdict)
	e.bits(w.failed)
	return e.out
}

type encoder struct {
	w      *world
	out    []byte
	seqs   [][]uint64 // of each seat's statuses
	orders [][][2]uint64
}

// numbers puts the message numbers of each seat in order.
func (e *encoder) numbers() {
	w := e.w
	e.seqs, e.orders = make([][]uint64, len(w.seats)), make([][][2]uint64, len(w.seats))
	for i := range w.seats {
		s := &w.seats[i]
		e.seqs[i] = append(e.seqs[i], s.st.Seq)
		e.orders[i] = append(e.orders[i], [2]uint64{uint64(s.order.Epoch), s.order.Seq})
		for _, ch := range w.chairs {
			if a := ch.c.agents[s.st.ID]; a != nil {
				e.seqs[i] = append(e.seqs[i], a.st.Seq)
				e.orders[i] = append(e.orders[i], [2]uint64{uint64(a.order.Epoch), a.order.Seq})
			}
		}
	}
	for _, p := range w.net {
		if p.up {
			e.seqs[p.seat] = append(e.seqs[p.seat], p.st.Seq)
		} else {
			e.orders[p.seat] = append(e.orders[p.seat], [2]uint64{uint64(p.order.Epoch), p.order.Seq})
		}
	}
	for i := range w.seats {
		slices.Sort(e.seqs[i])
		e.seqs[i] = slices.Compact(e.seqs[i])
		slices.SortFunc(e.orders[i], func(a, b [2]uint64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		e.orders[i] = slices.Compact(e.orders[i])
	}
}

func (e *encoder) num(list ...int) {
	for _, n := range list {
		e.out = binary.AppendVarint(e.out, int64(n))
	}
}

func (e *encoder) str(list ...string) {
	for _, s := range list {
		e.num(len(s))
		e.out = append(e.out, s...)
	}
}

func (e *encoder) bits(list ...bool) {
	n := 0
	for _, b := range list {
		n <<= 1
		if b {
			n |= 1
		}
	}
	e.num(n)
}

func (e *encoder) status(i int, s Status) {
	e.num(slices.Index(e.seqs[i], s.Seq), s.Round, s.Group, s.Restarts)
	e.str(string(s.Phase), s.Life)
	if e.bits(s.Master != nil, s.End != nil, s.First != nil); s.Master != nil {
		e.num(s.Master.Round)
	}
	if s.End != nil {
		e.num(s.End.Round)
		e.str(string(s.End.Kind))
		if f := s.End.Failure; f != nil {
			e.str(f.Text)
		}
	}
	if s.First != nil {
		e.str(s.First.Text)
	}
}

func (e *encoder) order(i int, o Order) {
	e.num(slices.Index(e.orders[i], [2]uint64{uint64(o.Epoch), o.Seq}), int(o.Epoch), o.Round, o.Restarts)
	e.str(string(o.Do), o.Life)
	if o.Place != nil {
		e.num(o.Place.GroupRank, o.Place.GroupSize)
		e.str(o.Place.Master.Addr)
	}
	if o.Failure != nil {
		e.str(o.Failure.Text)
	}
}

func (e *encoder) members(list []member) {
	e.num(len(list))
	for _, m := range list {
		e.str(m.ID)
		e.bits(m.Done)
	}
}

// age is how many ticks ago t was, at most most.
func (e *encoder) age(t time.Time, most int) {
	if t.IsZero() {
		e.num(-100)
		return
	}
	e.num(min(int(e.w.clock(e.w.now).Sub(t)/e.w.span), most))
}

// since is how many failures happened before t: no more of t matters once it is past.
func (e *encoder) since(t time.Time) {
	n, _ := slices.BinarySearchFunc(e.w.fails, t, time.Time.Compare)
	e.num(n)
}

func (e *encoder) council(c *Council) {
	e.str(string(c.stage), c.life, c.master.Addr)
	e.num(c.round, c.restarts, c.came, c.master.Round)
	e.bits(c.first)
	switch {
	case c.stage == running && c.came > 0:
		e.age(c.since, int(c.holdoff()/e.w.span))
	case c.stage == ending:
		e.age(c.since, int(rootWait/e.w.span))
	}
	e.age(c.lastCall, 0)
	e.age(c.until, 0)
	e.age(c.reach, 0)
	e.age(c.doubted, 1)
	e.num(c.overruled)
	e.str(c.pardoned...)
	for _, m := range c.members {
		e.since(c.died[m.ID].at)
		e.bits(c.died[m.ID].unheard)
	}
	e.members(c.members)
	if c.ended != nil {
		e.num(c.ended.Round)
		e.str(string(c.ended.Kind))
	}
	if c.verdict != nil {
		e.str(c.verdict.Text)
	}
	ids := make([]string, 0, 8)
	for id := range c.agents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		a := c.agents[id]
		e.str(id)
		i := int(id[0] - 'a')
		e.status(i, a.st)
		e.order(i, a.order)
		e.age(a.heard, e.w.lease+2)
		e.since(a.heard)
		e.age(a.closed, 1)
		e.bits(a.unheard)
	}
}
