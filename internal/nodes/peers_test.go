package nodes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/bus"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/council"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a World whose nodes are a0, a1, ... of one local bus.
type world struct {
	id    string
	bus   bus.Bus
	ready chan struct{}

	mu    sync.Mutex
	seats []council.Seat
	err   error
}

func (w *world) Ready() <-chan struct{}         { return w.ready }
func (w *world) ID() string                     { return w.id }
func (w *world) Bus() bus.Bus                   { return w.bus }
func (w *world) Subject(id, what string) string { return "sluice.test.node." + id + "." + what }
func (w *world) Seats(context.Context) ([]council.Seat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seats), w.err
}

// agent is a node: its Control, and the socket of its machine.
type agent struct {
	w      *world
	peers  *Peers
	socket string
	run    atomic.Pointer[Run]
	seen   chan api.Request
	gone   chan struct{} // an asker who waited has gone
}

func (a *agent) Do(req api.Request, files []*os.File, gone <-chan struct{}) api.Response {
	for _, f := range files {
		f.Close()
	}
	a.seen <- req
	switch req.Op {
	case api.OpNodes:
		all, err := a.peers.List()
		if err != nil {
			return api.Response{Error: err.Error()}
		}
		return api.Response{Nodes: all}
	case api.OpWait:
		<-gone
		a.gone <- struct{}{}
	}
	return api.Response{Ranks: a.w.id, Record: &runs.Record{ID: a.w.id}}
}

func (a *agent) Stream(req api.Request, conn net.Conn) {
	switch {
	case req.Via != "":
		a.peers.Forward(req, conn)
	case req.Op == api.OpLogs:
		a.peers.Logs(req, conn, *a.run.Load())
	case req.Op == api.OpArchive:
		Archive(conn, a.run.Load().Dir)
	default: // an echo that says good-bye once its asker has said all
		api.Answer(conn, api.Response{})
		n, err := io.Copy(conn, conn)
		if err == nil {
			fmt.Fprintf(conn, "after %d bytes", n)
		}
		closeWrite(conn)
		conn.Close()
	}
}

// machines makes n agents that know each other.
func machines(t *testing.T, n int) (*bus.Local, []*agent) {
	t.Helper()
	local := bus.NewLocal()
	var seats []council.Seat
	for i := range n {
		seats = append(seats, council.Seat{ID: fmt.Sprintf("a%d", i), Base: 2 * i, Phase: council.Up,
			Node: rendezvous.Node{Name: fmt.Sprintf("host%d", i), Workers: 2, Rank: i}})
	}
	dir, err := os.MkdirTemp("", "nodes") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var all []*agent
	for i := range n {
		id := seats[i].ID
		a := &agent{seen: make(chan api.Request, 100), gone: make(chan struct{}, 1),
			w: &world{id: id, bus: local.Connect(id), ready: make(chan struct{}), seats: slices.Clone(seats)}}
		close(a.w.ready)
		a.peers = Serve(a.w, a, func(text string) { t.Error(text) })
		a.socket = filepath.Join(dir, id)
		srv, err := api.Listen(a.socket, a)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			a.peers.Close()
			srv.Close()
			a.w.bus.Close()
		})
		all = append(all, a)
	}
	for _, a := range all { // Listen may not have been called yet
		eventually(t, "every agent answers", func() bool {
			for _, b := range all {
				c, err := bus.Dial(t.Context(), a.w.bus, a.w.Subject(b.w.id, "api"))
				if err != nil {
					return false
				}
				c.Close()
			}
			return true
		})
	}
	return local, all
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

func TestForward(t *testing.T) {
	_, all := machines(t, 3)
	ctx := t.Context()
	for _, from := range all {
		for _, to := range all {
			r, err := api.Ask(ctx, from.socket, api.Request{Op: api.OpStatus, Via: to.w.id, Who: "me"})
			if err != nil || r.Record == nil || r.Record.ID != to.w.id {
				t.Errorf("%s asks %s: %+v, %v", from.w.id, to.w.id, r, err)
			}
			if req := <-to.seen; req.Via != "" || req.Who != "me" {
				t.Errorf("%s was asked %+v", to.w.id, req)
			}
		}
	}
	// A long request, as a paste is, comes whole.
	long := strings.Repeat("x", 3<<20)
	if _, err := api.Ask(ctx, all[0].socket, api.Request{Op: api.OpStop, Via: "a2", Who: long}); err != nil {
		t.Error(err)
	}
	if req := <-all[2].seen; req.Who != long {
		t.Errorf("%d bytes of %d", len(req.Who), len(long))
	}
}

func TestList(t *testing.T) {
	_, all := machines(t, 2)
	w := all[1].w
	w.mu.Lock()
	w.seats[0].Phase = "" // dead
	w.seats = append(w.seats, council.Seat{ID: "a2", Base: 4, Gone: true, Node: rendezvous.Node{Name: "host2", Workers: 2, Rank: 2}})
	w.mu.Unlock()
	r, err := api.Ask(t.Context(), all[1].socket, api.Request{Op: api.OpNodes})
	want := []api.Node{{ID: "a0", Rank: 0, Host: "host0", Base: 0, Workers: 2}, {ID: "a1", Rank: 1, Host: "host1", Base: 2, Workers: 2, Self: true, Alive: true},
		{ID: "a2", Rank: 2, Host: "host2", Base: 4, Workers: 2, Gone: true}}
	if err != nil || fmt.Sprint(r.Nodes) != fmt.Sprint(want) {
		t.Errorf("%+v, %v", r.Nodes, err)
	}
	for want, err := range map[string]error{
		"no agent leads": errors.New("no agent leads"),
		"the agent that leads the run does not answer": fmt.Errorf("calling: %w", context.DeadlineExceeded),
	} {
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
		if _, err := api.Ask(t.Context(), all[1].socket, api.Request{Op: api.OpNodes}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A node that is still looking for the others is alone.
func TestNotReady(t *testing.T) {
	w := &world{id: "a0", ready: make(chan struct{})}
	a := &agent{w: w}
	a.peers = Serve(w, a, func(text string) { t.Error(text) })
	defer a.peers.Close()
	if all, err := a.peers.List(); err != nil || len(all) != 1 || !all[0].Self || all[0].Rank != -1 {
		t.Errorf("%+v, %v", all, err)
	}
	here, there := net.Pipe()
	go a.peers.Forward(api.Request{Op: api.OpStatus, Via: "a1"}, there)
	if b, _ := io.ReadAll(here); !strings.Contains(string(b), "looking for the others") {
		t.Errorf("%s", b)
	}
	var none *Peers
	if _, err := none.List(); err == nil || !strings.Contains(err.Error(), "one machine") {
		t.Errorf("%v", err)
	}
	none.Close()
}

// What is attached speaks both ways, and each end comes through by itself.
func TestForwardBothWays(t *testing.T) {
	_, all := machines(t, 2)
	conn, err := api.Attach(t.Context(), all[0].socket, api.Request{Via: "a1"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := strings.Repeat("0123456789abcdef", 1<<16)
	go func() {
		io.WriteString(conn, text)
		closeWrite(conn)
	}()
	got, err := io.ReadAll(conn)
	if want := text + fmt.Sprintf("after %d bytes", len(text)); err != nil || string(got) != want {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
}

// An asker who hangs up is heard of on the other machine.
func TestForwardHangsUp(t *testing.T) {
	_, all := machines(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := api.Ask(ctx, all[0].socket, api.Request{Op: api.OpWait, Via: "a1"})
		failed <- err
	}()
	<-all[1].seen
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	select {
	case <-all[1].gone:
	case <-time.After(20 * time.Second):
		t.Error("the other machine waits still")
	}
}

// What cannot be asked says which machine, and why.
func TestForwardToNobody(t *testing.T) {
	t.Parallel()
	local, all := machines(t, 3)
	all[0].peers.List()
	ask := func(via string, op api.Op) *api.NodeError {
		t.Helper()
		_, err := api.Ask(t.Context(), all[0].socket, api.Request{Op: op, Via: via})
		var node *api.NodeError
		if !errors.As(err, &node) {
			t.Fatalf("%s: %v", via, err)
		}
		return node
	}
	for _, via := range []string{"nobody", "a.b", "*", ">", "a b", strings.Repeat("x", 1000)} {
		if err := ask(via, api.OpStatus); !strings.Contains(err.Name, fmt.Sprintf("%q", via)) {
			t.Errorf("%v", err)
		}
	}
	done := make(chan *api.NodeError)
	go func() { done <- ask("a1", api.OpWait) }()
	<-all[1].seen
	local.Kill("a1")
	for _, err := range []*api.NodeError{<-done, ask("a1", api.OpStatus)} {
		if err.Name != "node 1 (host host1)" || !strings.Contains(err.Error(), "its agent has gone") {
			t.Errorf("%v", err)
		}
	}
}

// What had begun when an agent goes ends without its end.
func TestAttachToNobody(t *testing.T) {
	t.Parallel()
	local, all := machines(t, 3)
	all[0].peers.List()
	conn, err := api.Attach(t.Context(), all[0].socket, api.Request{Via: "a2"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	local.Kill("a2")
	if b, err := io.ReadAll(conn); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}

// What only the own machine may ask is refused on the bus, and nothing is passed
// on twice.
func TestRefused(t *testing.T) {
	_, all := machines(t, 2)
	for text, word := range map[string]string{
		`{"op":"resume"}`:             "own machine",
		`{"op":"status","via":"a0"}`:  "passed on once",
		`{"op":"attach","via":"a0"}`:  "passed on once",
		`{"op":"fly"}`:                "no op",
		"nonsense":                    "reading a request",
		strings.Repeat("x", 16<<20+1): "longer than",
	} {
		c, err := bus.Dial(t.Context(), all[0].w.bus, all[0].w.Subject("a1", "api"))
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(c, text+"\n")
		b := make([]byte, 1000)
		n, _ := io.ReadAtLeast(c, b, 1)
		if !strings.Contains(string(b[:n]), word) {
			t.Errorf("%.40q: %s", text, b[:n])
		}
		c.Close()
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := api.Ask(t.Context(), all[0].socket, api.Request{Op: api.OpStatus, Via: "a1"}, w); err == nil || !strings.Contains(err.Error(), "descriptors") {
		t.Errorf("%v", err)
	}
	if len(all[1].seen) > 0 {
		t.Errorf("it was asked: %+v", <-all[1].seen)
	}
}

// At the end nobody is kept waiting, and nobody keeps the end waiting for long.
func TestClose(t *testing.T) {
	_, all := machines(t, 2)
	done := make(chan error, 1)
	go func() {
		_, err := api.Ask(t.Context(), all[0].socket, api.Request{Op: api.OpWait, Via: "a1"})
		done <- err
	}()
	<-all[1].seen
	all[1].peers.Close()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "ending") {
		t.Errorf("%v", err)
	}
	all[0].peers.Close()
	if _, err := api.Ask(t.Context(), all[0].socket, api.Request{Op: api.OpStatus, Via: "a1"}); err == nil || !strings.Contains(err.Error(), "ending") {
		t.Errorf("%v", err)
	}
}
