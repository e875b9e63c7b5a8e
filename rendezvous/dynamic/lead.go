package dynamic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

// leader runs the council.
type leader struct {
	s     *Seat
	id    string // the last word of its subject
	epoch int64
	ctx   context.Context // ends when it leads no more
	stop  context.CancelFunc
	wake  chan struct{}
	outs  []func()

	mu        sync.Mutex
	c         *council.Council
	saved     []byte          // the state as the Store has it
	checked   time.Time       // when it was last sure to lead; no matter without a Store
	down      bool            // it leads no more
	unsure    bool            // it may not lead: nobody is answered, and nothing decided
	answering int             // statuses that are being answered
	refused   map[string]bool // agents that people were told of
	former    former
	suspected time.Time       // when all were last asked whether they are there because of a failure
	looked    time.Time       // when the council was last asked: several times in a lease
	over      chan struct{}   // closed when the run is over and all who are here know
	came      map[string]bool // agents that were told something other than that they are refused
	full      chan struct{}   // closed when as many came as the run takes
}

// startLeading begins to lead. mu is held.
func (s *Seat) startLeading(epoch int64, saved *council.State) error {
	id := s.cfg.ID
	wait := time.Duration(0)
	if s.cfg.Store == nil {
		id, wait = fixedLeader, settle
	} else if epoch > 1 && saved == nil {
		wait = 2 * s.cfg.Terms.Lease // the store was emptied: as a State would have us wait
	}
	reach := time.Duration(0)
	if s.cfg.Divided {
		reach = s.cfg.StoreGrace
	}
	now := time.Now()
	l := &leader{s: s, id: id, epoch: epoch, wake: make(chan struct{}, 1), refused: map[string]bool{}, over: make(chan struct{}), looked: now, checked: now,
		came: map[string]bool{}, full: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(s.life)
	l.c = council.New(council.Config{Terms: s.cfg.Terms, Epoch: epoch, Life: NewID(), Saved: saved, Settle: wait, Reach: reach}, now)
	if saved != nil {
		l.saved = saved.Encode()
	}
	for subject, handle := range map[string]func(bus.Message){
		s.subject("lead", id):          l.hear,
		s.subject("lead", id, "seats"): l.seats,
	} {
		out, err := s.cfg.Bus.Serve(subject, handle)
		if err != nil {
			l.stop()
			for _, out := range l.outs {
				out()
			}
			return fmt.Errorf("leading run %q: %w", s.cfg.Terms.Run, err)
		}
		l.outs = append(l.outs, out)
	}
	s.lead, s.leader = l, id
	s.wg.Go(l.run)
	return nil
}

// run lets time pass in the council until it leads no more.
func (l *leader) run() {
	defer func() {
		for _, out := range l.outs {
			out()
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	look := time.NewTicker(l.s.cfg.Terms.Lease / 10)
	defer look.Stop()
	gone := l.s.cfg.Gone
	l.probe(0)
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-timer.C:
		case <-l.wake:
		case id, ok := <-gone:
			if !ok {
				gone = nil
				continue
			}
			l.act(func(now time.Time) { l.c.Closed(now, id) })
			// Words of before may be heard after the news of the end.
			l.s.wg.Go(func() {
				again := time.NewTimer(council.Confirm / 2)
				defer again.Stop()
				select {
				case <-again.C:
					l.ask(id)
				case <-l.ctx.Done():
				}
			})
		case <-look.C:
			l.check()
			l.probe(l.s.beat() / 2)
		}
		l.act(func(now time.Time) { l.c.Tick(now) })
		l.mu.Lock()
		at, idle := l.c.Wake(), l.unsure || l.down
		l.mu.Unlock()
		if at.IsZero() || idle { // it looks again soon
			timer.Stop()
		} else {
			timer.Reset(max(time.Until(at), time.Millisecond))
		}
	}
}

// do changes the council, says what follows from it, and lets run see when the
// next change is due.
func (l *leader) do(f func(now time.Time)) {
	l.act(f)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *leader) act(f func(now time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return
	}
	now := time.Now()
	if asleep := now.Sub(l.looked); asleep > l.s.cfg.Terms.Lease/2 {
		l.c.Slept(now)
		l.s.cfg.Note(fmt.Sprintf("this agent, which leads the run, did not run for %v", asleep.Round(10*time.Millisecond)))
	}
	l.looked = now
	// Who cannot hear must not take silence for death.
	if !l.sure(now) {
		l.unsure = true
		return
	}
	if l.unsure {
		l.unsure = false
		l.c.Slept(now)
	}
	f(now)
	l.publish()
	l.settle()
}

// settle lets the leader go when the run is over and all know, and nobody waits for an
// answer. mu is held.
func (l *leader) settle() {
	if l.answering > 0 || !l.c.Over(time.Now()) {
		return
	}
	select {
	case <-l.over:
	default:
		close(l.over)
	}
}

// publish saves what has to be, and sends the orders. mu is held.
func (l *leader) publish() {
	if state, ok := l.c.Save(); ok {
		l.former.look(l.c.Seats(time.Now()))
		if l.s.cfg.Store != nil {
			if err := l.save(state); err != nil {
				l.resign(err)
				return
			}
		}
	}
	for _, out := range l.c.Orders() {
		if out.Order.Do == council.Refused && out.ID != l.s.cfg.ID && !l.refused[out.ID] {
			l.refused[out.ID] = true
			l.s.cfg.Note(fmt.Sprintf("%v wants to take part and is refused: %s", l.c.Node(out.ID), out.Order.Why))
		}
		data, err := json.Marshal(out.Order)
		if err == nil {
			_ = l.s.cfg.Bus.Publish(l.s.subject("node", out.ID), data) // it asks again
		}
	}
}

// hear takes a status; the answer is the order.
func (l *leader) hear(m bus.Message) {
	st, err := council.ParseStatus(m.Data)
	if err != nil {
		l.s.cfg.Note(fmt.Sprintf("a message from another node is ignored: %v", err))
		data, _ := json.Marshal(answer{Order: council.Order{Version: council.Version, Epoch: l.epoch, Seq: 1, Do: council.Refused, Why: err.Error()}, Now: l.s.cfg.Clock()})
		_ = m.Answer(data)
		return
	}
	l.mu.Lock()
	l.answering++
	// Another node's end may be behind it. Many ask for the same one, and again.
	suspect := st.End != nil && time.Since(l.suspected) > council.Confirm/2
	if suspect {
		l.suspected = time.Now()
	}
	l.mu.Unlock()
	if suspect {
		l.probe(0)
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answering--
		l.settle()
	}()
	var o council.Order
	ok := false
	l.do(func(now time.Time) {
		l.c.Hear(now, st)
		o, ok = l.c.Order(st.ID)
	})
	l.mu.Lock()
	ok = ok && !l.down
	if ok && o.Do != council.Refused {
		l.count(st.ID)
	}
	l.mu.Unlock()
	if !ok {
		return // no answer keeps no lease
	}
	data, err := json.Marshal(answer{Order: o, Now: l.s.cfg.Clock()})
	if err == nil {
		_ = m.Answer(data)
	}
}

// count notes that an agent has come. mu is held.
func (l *leader) count(id string) {
	if most := l.s.cfg.Terms.Max; len(l.came) < most {
		if l.came[id] = true; len(l.came) == most {
			close(l.full)
		}
	}
}

// sure tells whether nobody else can lead yet. mu is held.
func (l *leader) sure(now time.Time) bool {
	return l.s.cfg.Store == nil || now.Sub(l.checked) < l.s.cfg.Terms.Lease/2
}

func (l *leader) seats(m bus.Message) {
	l.mu.Lock()
	data, err := json.Marshal(append(l.c.Seats(time.Now()), l.former.gone...))
	l.mu.Unlock()
	if err == nil {
		_ = m.Answer(data)
	}
}

// probe asks agents that have said nothing for a while whether they are there: if
// nobody answers for them at once, their connection is gone. So it does with those
// that it knows of from the leader before only.
func (l *leader) probe(silent time.Duration) {
	if l.s.cfg.Divided || l.s.cfg.Gone != nil {
		return
	}
	l.mu.Lock()
	var late []string
	for _, seat := range l.c.Seats(time.Now()) {
		if seat.Phase != "" && (seat.Silent >= silent || seat.Silent < 0) {
			late = append(late, seat.ID)
		}
	}
	l.mu.Unlock()
	for _, id := range late {
		l.s.wg.Go(func() { l.ask(id) })
	}
}

// ask asks an agent whether it is there.
func (l *leader) ask(id string) {
	ctx, stop := context.WithTimeout(l.ctx, l.s.beat())
	defer stop()
	switch _, err := l.s.cfg.Bus.Call(ctx, l.s.subject("node", id), nil); {
	case errors.Is(err, bus.ErrNobody):
		l.do(func(now time.Time) { l.c.Closed(now, id) })
	case err == nil:
		l.do(func(time.Time) { l.c.Here(id) })
	}
}

// abort ends the run if it is not over and nobody can take this leader's place.
func (l *leader) abort() {
	if l.s.cfg.Store != nil {
		return
	}
	text := "its agent was stopped, and it is where all of them meet"
	if why := l.s.leaving(); why != "" {
		text = "its agent was stopped (" + why + "), and it is where all of them meet"
	}
	l.do(func(now time.Time) {
		l.c.Abort(now, l.s.cfg.ID, rendezvous.Failure{Node: l.s.cfg.Node, Rank: -1, Host: l.s.cfg.Node.Name, At: now, Text: text})
	})
}

// leave returns when the leader may go.
func (l *leader) leave() {
	terms := l.s.cfg.Terms
	l.mu.Lock()
	stays := l.s.cfg.Store == nil || l.c.Ended()
	l.mu.Unlock()
	if stays {
		late := time.NewTimer(terms.Close)
		select {
		case <-l.over:
		case <-l.ctx.Done():
		case <-late.C:
		}
		late.Stop()
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_ = l.s.cfg.Bus.Flush(ctx)
	if l.s.cfg.Store != nil && stays {
		_, _ = l.s.cfg.Store.Delete(ctx, leaderKey) // who uses the run id again need not wait for us
	}
}

// The keys of an election.
const (
	leaderKey = "leader"
	stateKey  = "state"
)

// post is the value of leaderKey.
type post struct {
	Epoch int64  `json:"epoch"`
	ID    string `json:"id"`
}

func parsePost(data []byte) (p post, ok bool) {
	err := json.Unmarshal(data, &p)
	return p, err == nil && p.Epoch > 0 && p.ID != ""
}

// elect finds the leader, and takes its place if it answers no more: nobody has
// been there since the time alone (zero: it is only silent).
func (s *Seat) elect(alone time.Time) {
	ctx, stop := context.WithTimeout(s.life, s.beat())
	defer stop()
	old, ok, err := s.cfg.Store.Get(ctx, leaderKey)
	if err != nil {
		return // a store that does not answer elects nobody
	}
	p, valid := parsePost(old)
	s.mu.Lock()
	known, silent, order := s.leader, time.Since(s.heard), s.order
	if s.lead != nil {
		s.mu.Unlock()
		return // check says whether it still leads
	}
	s.mu.Unlock()
	switch {
	case ok && valid && p.ID != known:
		s.mu.Lock()
		s.leader = p.ID
		s.say()
		s.mu.Unlock()
		return
	// Half a lease: the others must be answered again before theirs are over.
	// That holds as well where a store that was emptied has forgotten who leads.
	case (ok && valid || order.Epoch > 0) && silent < s.cfg.Terms.Lease/2 && (s.cfg.Divided || alone.IsZero() || time.Since(alone) < vacant):
		return
	}
	if !ok {
		old = nil
	}
	mine := post{Epoch: max(p.Epoch, order.Epoch) + 1, ID: s.cfg.ID}
	data, _ := json.Marshal(mine)
	now, err := s.cfg.Store.CompareSet(ctx, leaderKey, old, data)
	if err != nil || !bytes.Equal(now, data) {
		return
	}
	saved, err := s.inherit(ctx, mine.Epoch)
	if err != nil {
		s.cfg.Note(fmt.Sprintf("this node cannot lead the run: %v", err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return
	}
	if err := s.startLeading(mine.Epoch, saved); err != nil {
		s.cfg.Note(err.Error())
		return
	}
	if mine.Epoch > 1 {
		s.cfg.Note("this node leads the run now: the agent that did answers no more")
	}
}

// vacant is how long nobody answers for a leader until its place is free.
const vacant = 300 * time.Millisecond

// inherit takes the state over: with our epoch in it, the leader before can write
// nothing any more.
func (s *Seat) inherit(ctx context.Context, epoch int64) (*council.State, error) {
	for {
		data, ok, err := s.cfg.Store.Get(ctx, stateKey)
		if err != nil || !ok {
			return nil, err
		}
		state, err := council.ParseState(data)
		if err != nil {
			return nil, err
		}
		state.Epoch = epoch
		own := state.Encode()
		now, err := s.cfg.Store.CompareSet(ctx, stateKey, data, own)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(now, own) {
			return &state, nil
		}
	}
}

// save writes the state unless somebody else has. mu is held.
func (l *leader) save(state council.State) error {
	ctx, stop := context.WithTimeout(l.ctx, l.s.cfg.Terms.Lease/2)
	defer stop()
	data := state.Encode()
	now, err := l.s.cfg.Store.CompareSet(ctx, stateKey, l.saved, data)
	if err == nil && !bytes.Equal(now, data) && len(l.saved) > 0 && bytes.Equal(now, l.saved) {
		// The store was emptied: its server has been started anew.
		now, err = l.s.cfg.Store.CompareSet(ctx, stateKey, nil, data)
	}
	switch {
	case err != nil:
		return fmt.Errorf("saving the run's state: %w", err)
	case !bytes.Equal(now, data):
		return errors.New("another agent leads the run now")
	}
	l.saved = data
	return nil
}

// check makes sure that this agent still leads.
func (l *leader) check() {
	if l.s.cfg.Store == nil {
		return
	}
	ctx, stop := context.WithTimeout(l.ctx, l.s.cfg.Terms.Lease/4)
	defer stop()
	sent := time.Now()
	data, err := json.Marshal(post{Epoch: l.epoch, ID: l.s.cfg.ID})
	var now []byte
	if err == nil {
		now, err = l.s.cfg.Store.CompareSet(ctx, leaderKey, data, data)
	}
	if err == nil && bytes.Equal(now, data) {
		// It says the same of a key that is missing, in a store that was
		// emptied.
		if _, ok, gerr := l.s.cfg.Store.Get(ctx, leaderKey); gerr == nil && !ok {
			now, err = l.s.cfg.Store.CompareSet(ctx, leaderKey, nil, data)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ctx.Err() != nil || err != nil:
	case !bytes.Equal(now, data):
		l.resign(errors.New("another agent leads the run now"))
	default:
		l.checked = sent
	}
}

// resign makes this agent one like the others. mu is held.
func (l *leader) resign(why error) {
	if l.down {
		return
	}
	l.down = true
	l.stop()
	l.s.wg.Go(func() {
		l.s.mu.Lock()
		defer l.s.mu.Unlock()
		if l.s.lead == l {
			l.s.lead, l.s.leader = nil, ""
		}
		l.s.cfg.Note(fmt.Sprintf("this node leads the run no more: %v", why))
	})
}
