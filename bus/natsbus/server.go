package natsbus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Patience with clients. A dead peer's connection goes after three pings.
const (
	pingInterval = 2 * time.Second
	pingsOut     = 2
	authSeconds  = 10.0 // for TLS and for the token each
	startWait    = 10 * time.Second
)

// maxPayload leaves room around bus.MaxMessage for what NATS and JetStream add.
const maxPayload = 1 << 20

// storeMemory bounds what all keys and values of a Store take.
const storeMemory = 64 << 20

// ServerOptions are the options of Listen.
type ServerOptions struct {
	Addr  string // host:port to listen on; port 0 picks one; "" listens nowhere: connections from this process only
	RunID string
	Token string      // clients must know it; "" none
	TLS   *tls.Config // for clients over the network; nil none. Mutual TLS is for whoever makes it to set.
	// KV has JetStream run for Conn.Store, in memory. It wants a directory all
	// the same: a fresh one below StoreDir, which Close removes. "" is the
	// directory for temporary files.
	KV       bool
	StoreDir string
	Log      func(string) // takes warnings for people; may be nil
}

// Server is a NATS server within this process, for one run.
type Server struct {
	opts   ServerOptions
	nats   *server.Server
	log    *serverLog
	secret string // of the connection that hears of others' ends
	dir    string // of JetStream; "" none
	gone   *gone
	close  sync.Once
	err    error // of Close
}

// Listen starts a server. If the address is in use, errors.Is finds
// syscall.EADDRINUSE in the error.
func Listen(o ServerOptions) (*Server, error) {
	s, err := listen(o)
	if err == nil {
		return s, nil
	}
	if o.Addr == "" {
		return nil, fmt.Errorf("starting NATS within this process: %w", err)
	}
	return nil, fmt.Errorf("listening for the agents of the run on %s: %w", o.Addr, err)
}

func listen(o ServerOptions) (*Server, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	s := &Server{opts: o, secret: rand.Text(), log: &serverLog{tell: o.Log}}
	no := &server.Options{
		ServerName:                 "sluice",
		DontListen:                 o.Addr == "",
		NoSigs:                     true,
		NoLog:                      true,
		DisableJetStreamBanner:     true,
		MaxPayload:                 maxPayload,
		PingInterval:               pingInterval,
		MaxPingsOut:                pingsOut,
		AuthTimeout:                authSeconds,
		TLSTimeout:                 authSeconds,
		TLS:                        o.TLS != nil,
		TLSConfig:                  o.TLS,
		Accounts:                   []*server.Account{server.NewAccount(runAccount), server.NewAccount(systemAccount)},
		SystemAccount:              systemAccount,
		CustomClientAuthentication: gate{s},
	}
	// Addresses of this machine that clients did not choose may not lead here.
	no.Cluster.NoAdvertise = true
	if o.Addr != "" {
		if err := setAddr(no, o.Addr); err != nil {
			return nil, err
		}
	}
	if o.KV {
		dir, err := os.MkdirTemp(o.StoreDir, "nats-")
		if err != nil {
			return nil, fmt.Errorf("making a directory for the store: %w", err)
		}
		s.dir = dir
		no.JetStream, no.StoreDir, no.JetStreamMaxMemory = true, dir, storeMemory
	}
	var err error
	if s.nats, err = server.NewServer(no); err != nil {
		_ = s.removeDir()
		return nil, err
	}
	s.nats.SetLoggerV2(s.log, false, false, false)
	if err := s.start(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) start() error {
	s.nats.Start()
	if err := s.log.failure(); err != nil {
		return err
	}
	if !s.nats.ReadyForConnections(startWait) {
		return fmt.Errorf("the NATS server was not ready within %s", startWait)
	}
	if s.opts.KV {
		run, err := s.nats.LookupAccount(runAccount)
		if err != nil {
			return err
		}
		// No files: memory is the only storage there is.
		limits := server.JetStreamAccountLimits{MaxMemory: storeMemory, MaxStreams: -1, MaxConsumers: -1}
		if err := run.EnableJetStream(map[string]server.JetStreamAccountLimits{"": limits}, nil); err != nil {
			return fmt.Errorf("starting the store: %w", err)
		}
	}
	var err error
	s.gone, err = listenForEnds(s)
	return err
}

// setAddr reads host:port.
func setAddr(o *server.Options, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("an address is host:port: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("a port is a number up to 65535, not %q", port)
	}
	if n == 0 {
		o.Port = server.RANDOM_PORT
	} else {
		o.Port = int(n)
	}
	if o.Host = host; host == "" {
		o.Host = everywhere()
	}
	return nil
}

// everywhere is the host that stands for all addresses of this machine, IPv4 and
// IPv6 if it has both.
func everywhere() string {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return "0.0.0.0"
	}
	_ = l.Close()
	return "::"
}

// Addr is where the server listens, zero if nowhere.
func (s *Server) Addr() netip.AddrPort {
	if a, ok := s.nats.Addr().(*net.TCPAddr); ok && a != nil {
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// Connect returns a connection from this process, without a socket.
func (s *Server) Connect(name string) (*Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	c, err := dial(ctx, []endpoint{s.within()}, DialOptions{Name: name, RunID: s.opts.RunID, Token: s.opts.Token, Log: s.opts.Log})
	if err != nil {
		return nil, fmt.Errorf("connecting to the NATS server of this process: %w", err)
	}
	return c, nil
}

// pipe is a connection within the process. Once the server has ended there is
// nobody to connect to, as with a port that nobody listens on.
func (s *Server) pipe(context.Context) (net.Conn, error) {
	conn, err := s.nats.InProcessConn()
	if err != nil {
		return nil, fmt.Errorf("the server of this process has ended: %w", syscall.ECONNREFUSED)
	}
	return conn, nil
}

// Gone tells the names of clients whose connection was closed by their own side,
// at once: the process has ended, or closed its socket. It keeps the last 1024
// that nobody has read. Close closes it.
func (s *Server) Gone() <-chan string { return s.gone.names }

// Close ends all connections and waits for the goroutines of the server. Clients
// see it at once.
func (s *Server) Close() error {
	s.close.Do(func() {
		if s.gone != nil {
			s.gone.stop()
		}
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
		s.err = s.removeDir()
	})
	return s.err
}

func (s *Server) removeDir() error {
	if s.dir == "" {
		return nil
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("removing the directory of the store: %w", err)
	}
	return nil
}
