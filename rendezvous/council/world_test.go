package council

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// The world of the tests: agents that behave as dynamic.Seat does, a network and
// a leader, in ticks of a clock that they all see. Everything in it is a value or
// is never changed once it is there, so that a world can be copied.

const (
	tick  = 250 * time.Millisecond
	lease = 4 // ticks
)

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func testTerms(low, high int) Terms {
	return Terms{Run: "job", Min: low, Max: high, Restarts: 3, LastCall: tick, Lease: lease * tick, Close: time.Hour}
}

// seat is an agent and its workers.
type seat struct {
	st     Status
	order  Order
	to     int64  // epoch of the leader that it calls
	heard  int    // when the last status was sent that was answered
	acked  uint64 // Seq of the last status that was answered
	live   int    // round of its live workers; -1: none
	joined bool   // a round is going on here
	on     bool   // the process is there
	cut    bool   // nothing reaches it and it reaches nobody
	slow   bool   // its workers take their time to stop
	births int
	told   string // the verdict that it was told
}

// packet is a message under way.
type packet struct {
	seat  int
	id    string
	up    bool // a status, else an order
	to    int64
	st    Status
	order Order
	sent  int    // when the status was sent that it carries or answers; -1: it was pushed
	acks  uint64 // Seq of the status that it answers
	late  bool   // it may arrive at any time from now on
}

// chair is a leader.
type chair struct {
	c     *Council
	epoch int64
	until int // it answers no more then; 0: it is the present one
	sent  map[string]uint64
}

// formed is what is known of the newest round that somebody has begun.
type formed struct {
	round, size, world, restarts int
	master                       Master
	taken                        string // group ranks, in the order of beginning
	done                         string // those whose workers have succeeded
}

type world struct {
	terms   Terms
	span    time.Duration // of a tick
	lease   int           // in ticks
	reach   time.Duration // of leaders that take over
	now     int
	seats   []seat
	net     []packet
	chairs  []chair // the last one is the present one
	saved   *State
	formed  formed
	fails   []time.Time // when each failure happened
	failed  bool        // a failure was decided
	verdict string
	broken  string // the invariant that does not hold
}

func newWorld(terms Terms, nodes ...rendezvous.Node) *world {
	return worldOf(terms, tick, nodes)
}

func worldOf(terms Terms, tick time.Duration, nodes []rendezvous.Node) *world {
	w := &world{terms: terms, span: tick, lease: int(terms.Lease / tick), now: 10, formed: formed{round: -1}}
	w.chairs = []chair{{c: New(Config{Terms: terms, Epoch: 1, Life: "x"}, w.clock(w.now)), epoch: 1, sent: map[string]uint64{}}}
	for i, n := range nodes {
		n.Workers = max(n.Workers, 1)
		w.seats = append(w.seats, seat{live: -1, st: Status{Version: Version, ID: string(rune('a' + i)), Terms: terms, Node: n}})
	}
	return w
}

// nodes are n nodes without --node-rank.
func nodes(n int) []rendezvous.Node {
	out := make([]rendezvous.Node, n)
	for i := range out {
		out[i] = rendezvous.Node{Name: fmt.Sprint("n", i), Addr: fmt.Sprint("10.0.0.", i), Workers: 1 + i%2, Rank: -1}
	}
	return out
}

func (w *world) clock(t int) time.Time { return origin.Add(time.Duration(t) * w.span) }

func (w *world) break_(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}

func (w *world) clone() *world {
	v := *w
	v.seats, v.net, v.chairs = slices.Clone(w.seats), slices.Clone(w.net), slices.Clone(w.chairs)
	for i := range v.chairs {
		v.chairs[i].c, v.chairs[i].sent = v.chairs[i].c.clone(), maps.Clone(v.chairs[i].sent)
	}
	return &v
}

// clone copies a council; what its messages point to is never changed.
func (c *Council) clone() *Council {
	d := *c
	d.agents, d.claims = make(map[string]*agent, len(c.agents)), map[int][]*agent{}
	d.members, d.died = slices.Clone(c.members), maps.Clone(c.died)
	for id, a := range c.agents {
		b := *a
		d.agents[id] = &b
	}
	d.fresh = nil // the world takes orders at once
	for r, list := range c.claims {
		for _, a := range list {
			d.claims[r] = append(d.claims[r], d.agents[a.st.ID])
		}
	}
	return &d
}

// lead is the present leader's council.
func (w *world) lead() *Council { return w.chairs[len(w.chairs)-1].c }

// chair finds a leader; the present one if that is not there any more.
func (w *world) chair(epoch int64) *chair {
	for i := range w.chairs {
		if w.chairs[i].epoch == epoch {
			return &w.chairs[i]
		}
	}
	return &w.chairs[len(w.chairs)-1]
}

// act does something to a leader's council and sends what follows from it; false:
// that leader leads no more.
func (w *world) act(ch *chair, f func(c *Council)) bool {
	if ch.until > 0 && w.now >= ch.until {
		return false
	}
	round, restarts, first := ch.c.round, ch.c.restarts, ch.c.first
	f(ch.c)
	if c := ch.c; !first && c.restarts-restarts > c.round-round || c.round < round {
		w.break_("restarts went from %d to %d while the round went from %d to %d", restarts, c.restarts, round, c.round)
	}
	if state, ok := ch.c.Save(); ok {
		if ch.until > 0 {
			ch.until = w.now // another one has saved its own
			return false
		}
		if w.failed && state.Stage != ending && (state.Stage != over || state.Verdict == nil) {
			w.break_("stage %s after a failure was decided", state.Stage)
		}
		w.failed = w.failed || state.Stage == ending || state.Stage == over && state.Verdict != nil
		w.saved = &state
	}
	for _, out := range ch.c.Orders() {
		if out.Order.Seq <= ch.sent[out.ID] {
			w.break_("order %d for %s after %d", out.Order.Seq, out.ID, ch.sent[out.ID])
		}
		ch.sent[out.ID] = out.Order.Seq
		for i := range w.seats {
			if s := &w.seats[i]; s.on && s.st.ID == out.ID && !s.cut {
				w.down(packet{seat: i, id: out.ID, order: out.Order, sent: -1})
			}
		}
	}
	return true
}

// down sends an order; a push that says what its receiver knows is left out.
func (w *world) down(p packet) {
	s := &w.seats[p.seat]
	if p.sent < 0 && s.order.Epoch == p.order.Epoch && s.order.Seq >= p.order.Seq {
		return
	}
	w.net = append(w.net, p)
}

// hear lets a status arrive. The answer stands for the push of the same order.
func (w *world) hear(p packet) {
	ch := w.chair(p.to)
	if ch.epoch != p.to {
		return // nobody serves that subject any more
	}
	var o Order
	before := len(w.net)
	if !w.act(ch, func(c *Council) {
		c.Hear(w.clock(w.now), p.st)
		o, _ = c.Order(p.st.ID)
	}) {
		return
	}
	if a := ch.c.agents[p.id]; a != nil && a.st == p.st && p.st.stops() && !ch.c.Ended() {
		w.break_("%s asked to stop the run, and it goes on", p.id)
	}
	s := &w.seats[p.seat]
	for i := before; i < len(w.net); i++ {
		if q := &w.net[i]; q.seat == p.seat && q.order.Seq == o.Seq {
			q.sent, q.acks = p.sent, p.st.Seq
			return
		}
	}
	if s.on && !s.cut && s.st.ID == p.id {
		w.down(packet{seat: p.seat, id: p.id, order: o, sent: p.sent, acks: p.st.Seq})
	}
}

// say sends a seat's status; one that waits to be sent is replaced by it.
func (w *world) say(i int) {
	s := &w.seats[i]
	s.st.Seq++
	w.send(i)
}

func (w *world) send(i int) {
	s := &w.seats[i]
	if s.cut {
		return
	}
	p := packet{seat: i, id: s.st.ID, up: true, to: s.to, st: s.st, sent: w.now}
	for k := range w.net {
		if q := &w.net[k]; q.up && q.seat == i && q.id == p.id && !q.late {
			*q = p
			return
		}
	}
	w.net = append(w.net, p)
}

// deliver lets packet k arrive.
func (w *world) deliver(k int) {
	p := w.net[k]
	w.net = slices.Delete(w.net, k, k+1)
	if p.up {
		w.hear(p)
		return
	}
	s := &w.seats[p.seat]
	if !s.on || s.cut || s.st.ID != p.id || p.order.Epoch < s.order.Epoch {
		return
	}
	if p.sent >= 0 {
		s.heard, s.acked = max(s.heard, p.sent), max(s.acked, p.acks)
	}
	if p.order.Epoch > s.order.Epoch || p.order.Seq > s.order.Seq {
		s.order = p.order
		s.st.Restarts = max(s.st.Restarts, p.order.Restarts)
		if s.joined && (p.order.Do != Run || p.order.Round != s.st.Round) {
			s.joined = false
		}
	}
	w.react(p.seat)
}

// stops tells that a seat's workers are being stopped.
func (s *seat) stops() bool { return s.on && s.live >= 0 && !s.joined }

// quits tells that a seat has given the run up, and joins no round.
func (s *seat) quits() bool { return s.st.End != nil && s.st.End.Kind == rendezvous.Failed }

// stops tells that it asks for the end of the whole run.
func (s Status) stops() bool {
	return s.End != nil && s.End.Failure != nil && s.End.Failure.Stopped != 0
}

// react does what a seat does at once.
func (w *world) react(i int) {
	s := &w.seats[i]
	o := s.order
	if s.quits() && o.Round > s.st.End.Round && s.acked >= s.st.Seq && (o.Do == Wait || o.Do == Host || o.Do == Run) {
		s.st.End, s.st.First = nil, nil // overruled: another node's end was behind it
	}
	switch {
	case !s.on || s.stops():
	case !s.joined && s.st.Phase != Idle:
		s.st.Phase = Idle
		w.say(i)
		w.react(i)
	case o.Do == Leave:
		verdict := "success"
		if o.Failure != nil {
			verdict = o.Failure.Text
		}
		if w.verdict != "" && w.verdict != verdict || w.failed && o.Failure == nil {
			w.break_("%s is told %q, and others %q (failure decided: %v)", s.st.ID, verdict, w.verdict, w.failed)
		}
		if f := w.formed; o.Failure == nil && (f.round < 0 || len(f.done) < f.size) {
			w.break_("%s is told of success, and of %d nodes those with the ranks %q are done", s.st.ID, f.size, f.done)
		}
		for k := range w.seats {
			if other := &w.seats[k]; other.live >= 0 && o.Failure == nil {
				w.break_("%s is told of success while %s has workers", s.st.ID, other.st.ID)
			}
		}
		w.verdict, s.told = verdict, verdict
		w.goes(i)
	case o.Do == Refused:
		s.told = o.Why
		w.goes(i)
	case o.Do == Run && o.Round > s.st.Round && !s.quits() && w.now-s.heard < w.lease:
		w.begin(i)
	case o.Do == Host && (s.st.Master == nil || s.st.Master.Round != o.Round) && !s.quits():
		s.st.Master = &Master{Round: o.Round, Addr: s.st.ID, Port: 1 + o.Round}
		w.say(i)
	}
}

// goes lets a seat leave.
func (w *world) goes(i int) {
	s := &w.seats[i]
	s.live, s.joined, s.st.Phase = -1, false, Left
	w.say(i)
	s.on = false
}

// begin starts workers, if all holds that must hold then.
func (w *world) begin(i int) {
	s := &w.seats[i]
	o, p := s.order, *s.order.Place
	for k := range w.seats {
		if other := &w.seats[k]; other.live >= 0 && other.live != o.Round {
			w.break_("%s begins round %d while %s has workers of round %d", s.st.ID, o.Round, other.st.ID, other.live)
		}
	}
	f := &w.formed
	if o.Round < f.round {
		w.break_("%s begins round %d after round %d", s.st.ID, o.Round, f.round)
	}
	if o.Round > f.round {
		if f.round >= 0 && o.Restarts-f.restarts > o.Round-f.round || o.Restarts < f.restarts {
			w.break_("round %d has %d restarts, and round %d %d", f.round, f.restarts, o.Round, o.Restarts)
		}
		*f = formed{round: o.Round, size: p.GroupSize, world: p.WorldSize, restarts: o.Restarts, master: p.Master}
	}
	rank := string(rune('0' + p.GroupRank))
	switch {
	case p.GroupSize < w.terms.Min || p.GroupSize > w.terms.Max:
		w.break_("a round of %d nodes", p.GroupSize)
	case f.size != p.GroupSize || f.world != p.WorldSize || f.master != p.Master || f.restarts != o.Restarts || p.Master.Round != o.Round:
		w.break_("in one round %+v and %+v with %d restarts", *f, p, o.Restarts)
	case strings.Contains(f.taken, rank):
		w.break_("group rank %s of round %d is held twice", rank, o.Round)
	case p.RankBase+s.st.Node.Workers > p.WorldSize:
		w.break_("%+v has no room for %d workers", p, s.st.Node.Workers)
	}
	f.taken += rank
	s.st.Phase, s.st.Round, s.st.Group, s.st.Life = Up, o.Round, p.GroupRank, o.Life
	s.st.End, s.st.First, s.st.Master = nil, nil, nil
	s.live, s.joined = o.Round, true
	w.say(i)
}

// What can happen to a seat.

func (w *world) start(i int) {
	s := &w.seats[i]
	id, st := string(rune('a'+i)), s.st
	if s.births > 0 {
		id = fmt.Sprint(id, s.births)
	}
	*s = seat{on: true, live: -1, heard: w.now, births: s.births + 1, to: w.chairs[len(w.chairs)-1].epoch,
		st: Status{Version: Version, ID: id, Terms: st.Terms, Node: st.Node, Host: st.Host, Phase: Idle, Round: -1, Group: -1}}
	w.say(i)
}

func (w *world) stop(i int) {
	s := &w.seats[i]
	s.live, s.slow, s.st.Phase = -1, false, Idle
	w.say(i)
	w.react(i)
}

func (w *world) finish(i int) {
	s := &w.seats[i]
	if s.live == w.formed.round {
		w.formed.done += string(rune('0' + s.st.Group))
	}
	s.live, s.st.Phase = -1, Done
	w.say(i)
}

// failure is one that no other is like.
func (w *world) failure(i int) *rendezvous.Failure {
	n := len(w.fails) + 1
	w.fails = append(slices.Clip(w.fails), w.clock(w.now).Add(time.Duration(n)))
	return &rendezvous.Failure{Text: fmt.Sprint("failure ", n), At: w.fails[n-1]}
}

func (w *world) again(i int) {
	s := &w.seats[i]
	s.st.First = w.failure(i)
	s.st.End = &End{Round: s.st.Round, Kind: rendezvous.Again, Why: "a worker failed"}
	w.say(i)
}

func (w *world) fail(i int) {
	w.seats[i].st.First = w.ends(i, w.failure(i))
	w.say(i)
}

// ask asks for the end of the whole run.
func (w *world) ask(i int) {
	f := w.failure(i)
	f.Stopped = 143
	w.ends(i, f)
	w.say(i)
}

func (w *world) ends(i int, f *rendezvous.Failure) *rendezvous.Failure {
	s := &w.seats[i]
	s.st.End = &End{Round: s.st.Round, Kind: rendezvous.Failed, Failure: f}
	if s.st.Phase == Idle && !s.joined {
		s.st.End.Round = s.order.Round
	}
	return f
}

// kill ends a seat's process and workers; the leader may hear that at once.
func (w *world) kill(i int, heard bool) {
	s := &w.seats[i]
	s.on, s.joined, s.live = false, false, -1
	if heard {
		w.closed(i)
	}
}

func (w *world) closed(i int) {
	for k := range w.chairs {
		w.act(&w.chairs[k], func(c *Council) { c.Closed(w.clock(w.now), w.seats[i].st.ID) })
	}
}

// succeed makes another leader from what was saved, or from nothing; the one
// before answers for some ticks more.
func (w *world) succeed(saved bool, answers int) {
	old := &w.chairs[len(w.chairs)-1]
	epoch := old.epoch + 1
	old.until = w.now + answers
	if answers == 0 {
		w.chairs = nil
	}
	conf := Config{Terms: w.terms, Epoch: epoch, Life: fmt.Sprint("x", epoch)}
	if saved && w.saved != nil {
		state, err := ParseState(w.saved.Encode())
		if err != nil {
			w.break_("%v", err)
		}
		conf.Saved, conf.Reach = &state, w.reach
	} else {
		conf.Settle = w.span
	}
	w.chairs = append(w.chairs, chair{c: New(conf, w.clock(w.now)), epoch: epoch, sent: map[string]uint64{}})
	if answers == 0 {
		for i := range w.seats {
			w.seats[i].to = epoch
		}
	}
	w.act(&w.chairs[len(w.chairs)-1], func(c *Council) { c.Tick(w.clock(w.now)) })
}

// tick lets a tick pass: leases run out, agents beat, leaders look at the clock.
func (w *world) tick() {
	w.now++
	w.chairs = slices.DeleteFunc(w.chairs, func(ch chair) bool { return ch.until > 0 && w.now >= ch.until })
	for i := range w.seats {
		s := &w.seats[i]
		if s.on && s.live >= 0 && w.now-s.heard >= w.lease {
			s.live, s.joined, s.slow, s.st.Phase = -1, false, false, Idle
			w.say(i)
		}
	}
	for i := range w.seats {
		s := &w.seats[i]
		if !s.on || s.cut {
			continue
		}
		s.to = w.chair(s.to).epoch
		before := len(w.net)
		w.send(i)
		for k := range w.net {
			if p := w.net[k]; p.up && p.seat == i && !p.late && p.st.Seq == s.st.Seq && before < len(w.net) {
				w.deliver(k) // a beat and its answer
				for k := len(w.net) - 1; k >= 0; k-- {
					if q := w.net[k]; !q.up && q.seat == i && q.sent == w.now && !q.late {
						w.deliver(k)
						break
					}
				}
				break
			}
		}
	}
	for k := range w.chairs {
		w.act(&w.chairs[k], func(c *Council) { c.Tick(w.clock(w.now)) })
	}
}

// drain delivers all that is not late, in the order it was sent, and lets workers
// stop.
func (w *world) drain() {
	for range 10000 {
		k := slices.IndexFunc(w.net, func(p packet) bool { return !p.late })
		i := slices.IndexFunc(w.seats, func(s seat) bool { return s.stops() && !s.slow })
		switch {
		case k >= 0:
			w.deliver(k)
		case i >= 0:
			w.stop(i)
		default:
			return
		}
	}
	w.break_("the messages do not end")
}

// pass lets n ticks pass, without trouble.
func (w *world) pass(n int) {
	w.drain()
	for range n {
		w.tick()
		w.drain()
	}
}
