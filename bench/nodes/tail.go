package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/bus"
)

// tail measures what comes and goes through the server while one looks at one
// rank live. Each rank's log is a file that would grow at the rate; it is made up
// when it is read, as this machine could not write all of them.
func (m *measurement) tail(ctx context.Context) error {
	p := &meter{}
	defer p.stop()
	f, err := overTCP(p.listen)
	if err != nil {
		return err
	}
	g, _, err := f.assemble(ctx, m.agents)
	if err != nil {
		return err
	}
	began := time.Now()
	for i, a := range g.agents {
		// Closing the connection ends it.
		if _, err := bus.Listen(a.bus, logOf(i), func(c net.Conn) { sendLog(c, began, m.rate) }); err != nil {
			return errors.Join(err, g.end())
		}
	}
	quiet, quietCPU := p.during(m.window)
	c, err := bus.Dial(ctx, g.agents[1].bus, logOf(m.agents/2))
	if err != nil {
		return errors.Join(err, g.end())
	}
	stop := time.AfterFunc(m.window, func() { c.Close() })
	var read atomic.Int64
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			read.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	through, cpu := p.during(m.window)
	stop.Stop()
	if err := errors.Join(c.Close(), g.end()); err != nil {
		return err
	}
	mb := func(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
	if err := m.tellOnly(fmt.Sprintf("%d ranks of %.0f MB/s each, nobody looks for %s", m.agents, m.rate/1e6, short(m.window)),
		fmt.Sprintf("%s through the server, %s of CPU", mb(quiet), short(quietCPU))); err != nil {
		return err
	}
	// What comes in from the writer goes out to the reader.
	return m.tell(fmt.Sprintf("%d ranks of %.0f MB/s each, a look at one for %s", m.agents, m.rate/1e6, short(m.window)),
		fmt.Sprintf("%s read; %s in and out, %s of CPU", mb(read.Load()), mb(through), short(cpu)), "",
		float64(through)/2/float64(max(read.Load(), 1)), "%.3f x")
}

func logOf(i int) string { return fmt.Sprintf("sluice.%s.bench.%d", runID, i) }

// sendLog sends what a log has gained since it was opened, as it comes. The offset
// is the content.
func sendLog(c net.Conn, began time.Time, rate float64) {
	defer c.Close()
	size := func() int64 { return int64(time.Since(began).Seconds()*rate) &^ 7 }
	at := size()
	var buf []byte
	for {
		time.Sleep(10 * time.Millisecond)
		buf = buf[:0]
		for end := size(); at < end; at += 8 {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(at))
		}
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

// meter is a way to the server that counts the bytes in both directions.
type meter struct {
	listener net.Listener
	wg       sync.WaitGroup
	bytes    atomic.Int64
}

func (p *meter) listen(to netip.AddrPort) (string, error) {
	var err error
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return "", err
	}
	p.wg.Go(func() {
		for {
			c, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.pass(c, to.String()) })
		}
	})
	return p.listener.Addr().String(), nil
}

func (p *meter) pass(c net.Conn, to string) {
	defer c.Close()
	s, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer s.Close()
	var wg sync.WaitGroup
	one := func(dst, src net.Conn) {
		_, _ = io.Copy(countingWriter{dst, &p.bytes}, src) // its end is the end
		_ = dst.Close()
		_ = src.Close()
	}
	wg.Go(func() { one(s, c) })
	one(c, s)
	wg.Wait()
}

type countingWriter struct {
	io.Writer
	n *atomic.Int64
}

func (w countingWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.n.Add(int64(n))
	return n, err
}

// during is what passes in some time, and the CPU that this process uses.
func (p *meter) during(d time.Duration) (int64, time.Duration) {
	bytes, cpu := p.bytes.Load(), used()
	time.Sleep(d)
	return p.bytes.Load() - bytes, used() - cpu
}

func (p *meter) stop() {
	if p.listener != nil {
		_ = p.listener.Close()
	}
	p.wg.Wait()
}
