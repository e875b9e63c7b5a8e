package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/tcpstore"
)

func TestStorm(t *testing.T) {
	s, err := tcpstore.Listen(tcpstore.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if took, err := storm(s.Port(), 20); err != nil || took <= 0 {
			t.Errorf("%v %v", took, err)
		}
	}
	if st := s.Stats(); st.Keys != 4 || st.Breaches != 0 { // a counter and a key each
		t.Errorf("%+v", st)
	}
	s.Close()
	if _, err := storm(s.Port(), 2); err == nil {
		t.Error("a storm on nobody went well")
	}
}

func TestServe(t *testing.T) {
	in, end := io.Pipe()
	out, said := io.Pipe()
	status := make(chan int)
	go func() { status <- run([]string{"serve"}, in, said, io.Discard) }()
	line := make([]byte, 16)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storm(port, 3); err != nil {
		t.Error(err)
	}
	end.Close()
	if st := <-status; st != 0 {
		t.Errorf("status %d", st)
	}
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	m := measurement{rows: filepath.Join(t.TempDir(), "rows")}
	ms := time.Millisecond
	if err := m.report(&out, "x", "per pair", 10, [2][]time.Duration{{ms, 2 * ms, 4 * ms}, {4 * ms, 4 * ms, 4 * ms}}); err != nil {
		t.Fatal(err)
	}
	if want := "x: sluice 200.0us (5000/s), torch 400.0us (2500/s) per pair; ratio 2.00 (1.00-4.00)\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
	if b, err := os.ReadFile(m.rows); err != nil || strings.Count(string(b), "\t") != 5 {
		t.Errorf("%q %v", b, err)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"other"}, {"serve", "x"}, {"measure", "-rounds", "0"}, {"measure", "x"}, {"measure", "-no-such-flag"}} {
		if st := run(args, strings.NewReader(""), io.Discard, io.Discard); st != 2 {
			t.Errorf("%q: status %d", args, st)
		}
	}
}
