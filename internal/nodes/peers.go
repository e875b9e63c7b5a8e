package nodes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/rendezvous/council"
)

// World is a run over several machines, as *elastic.Nodes is.
type World interface {
	// Ready is closed once the other methods may be called.
	Ready() <-chan struct{}
	ID() string
	Bus() bus.Bus
	// Subject is where the node with that id is spoken to about something.
	Subject(id, what string) string
	Seats(ctx context.Context) ([]council.Seat, error)
}

const (
	// listWait bounds the question who takes part, dialWait the way to one.
	listWait = 2 * time.Second
	dialWait = 5 * time.Second
	// goodbye is how long what is being read may still take at the end of a run.
	goodbye = 3 * time.Second
)

// errEnding is the answer to what is asked at the very end from elsewhere, and
// errEndingHere to what is asked here.
var (
	errEnding     = errors.New("the run is ending there")
	errEndingHere = errors.New("the run is ending here")
)

// Peers is one agent's part: it serves the others, and asks them. The zero and the
// nil Peers are those of a run on one machine.
type Peers struct {
	w      World
	host   string
	ending chan struct{}   // closed by Close
	over   context.Context // ends when what is left is given up
	giveUp context.CancelFunc
	served chan struct{}  // closed when nobody is served any more
	wg     sync.WaitGroup // of who is served, here or by passing on; see enter

	mu     sync.Mutex
	closed bool
	names  map[string]string // of nodes that were seen, by id
}

// Serve answers what other nodes ask of ctl, as soon as the world is ready. note
// is told of what a person may want to know. Close ends it; the world is to be
// closed after that.
func Serve(w World, ctl api.Control, note func(string)) *Peers {
	p := &Peers{w: w, host: runs.Hostname(), ending: make(chan struct{}), served: make(chan struct{}), names: map[string]string{}}
	p.over, p.giveUp = context.WithCancel(context.Background())
	go p.serve(ctl, note)
	return p
}

func (p *Peers) serve(ctl api.Control, note func(string)) {
	defer close(p.served)
	select {
	case <-p.w.Ready():
	case <-p.ending:
		return
	}
	stop, err := bus.Listen(p.w.Bus(), p.w.Subject(p.w.ID(), "api"), func(conn net.Conn) {
		if err := p.enter(); err != nil {
			api.Answer(conn, api.Response{Error: err.Error()})
			conn.Close()
			return
		}
		defer p.wg.Done()
		api.ServeConn(conn, &guest{Control: ctl, p: p})
	})
	if err != nil {
		note("other machines cannot look into this node: " + err.Error())
		return
	}
	<-p.ending
	idle := make(chan struct{})
	go func() { p.wg.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-p.over.Done():
	}
	stop()
}

// Close lets logs be read to their end and says goodbye to everybody, for a few
// seconds at most.
func (p *Peers) Close() {
	if p == nil || p.w == nil {
		return
	}
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return
	}
	close(p.ending)
	late := time.AfterFunc(goodbye, p.giveUp)
	defer late.Stop()
	<-p.served
	p.giveUp()
	p.wg.Wait()
}

// guest is a Control for askers on other machines: at the end of the run nobody
// waits for an answer that needs the run to go on.
type guest struct {
	api.Control
	p *Peers
}

func (g *guest) Do(req api.Request, files []*os.File, gone <-chan struct{}) api.Response {
	answer := make(chan api.Response, 1)
	go func() { answer <- g.Control.Do(req, files, gone) }()
	select {
	case r := <-answer:
		return r
	case <-g.p.ending:
	}
	select {
	case r := <-answer:
		return r
	case <-time.After(100 * time.Millisecond):
		return api.Response{Error: errEnding.Error()}
	}
}

// List are the nodes of the run.
func (p *Peers) List() ([]api.Node, error) {
	if p == nil || p.w == nil {
		return nil, errors.New("this run has one machine only")
	}
	select {
	case <-p.w.Ready():
	default: // it is looking for the others
		return []api.Node{{ID: p.w.ID(), Rank: -1, Host: p.host, Base: -1, Self: true, Alive: true}}, nil
	}
	ctx, cancel := context.WithTimeout(p.over, listWait)
	defer cancel()
	seats, err := p.w.Seats(ctx)
	switch {
	case err == nil:
	case p.over.Err() != nil:
		return nil, errEndingHere
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("the agent that leads the run does not answer: it has ended, or the link to it was cut")
	default:
		return nil, err
	}
	var all []api.Node
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range seats {
		p.names[s.ID] = s.Node.String()
		all = append(all, api.Node{ID: s.ID, Rank: s.Node.Rank, Host: s.Node.Name, Addr: s.Node.Addr, Base: s.Base,
			Workers: s.Node.Workers, Self: s.ID == p.w.ID(), Alive: s.Phase != "" && s.Phase != council.Left, Gone: s.Gone})
	}
	return all, nil
}

// name is how people know a node.
func (p *Peers) name(id string) string {
	p.mu.Lock()
	name, known := p.names[id]
	p.mu.Unlock()
	if !known {
		if _, err := p.List(); err == nil {
			p.mu.Lock()
			name, known = p.names[id]
			p.mu.Unlock()
		}
	}
	if !known {
		return fmt.Sprintf("node %q", id)
	}
	return name
}
