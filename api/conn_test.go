package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parts is a Control that answers OpLogs with what a test wants.
type parts struct {
	answers
	text string
}

func (p parts) Stream(_ Request, conn net.Conn) {
	io.WriteString(conn, p.text)
	conn.Close()
}

func serveText(t *testing.T, text string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "api") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := Listen(filepath.Join(dir, "s"), parts{text: text})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Path()
}

func TestServeConn(t *testing.T) {
	ask := func(line string) string {
		here, there := net.Pipe()
		go ServeConn(there, answers(func(req Request, files []*os.File, gone <-chan struct{}) Response {
			return Response{Ranks: fmt.Sprint(req.Op, len(files))}
		}))
		io.WriteString(here, line)
		b, err := io.ReadAll(here)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	for line, want := range map[string]string{
		`{"op":"status"}` + "\n":            `{"ranks":"status0"}` + "\n",
		`{"op":"logs"}` + "\n":              `{"ranks":"logs0"}` + "\n",
		`{"op":"resume"}` + "\n":            "own machine",
		`{"op":"stop","via":"X"}` + "\n":    "passed on once",
		`{"op":"archive","via":"X"}` + "\n": "passed on once",
		"x\n":                               "reading a request",
	} {
		if got := ask(line); !strings.Contains(got, want) {
			t.Errorf("%q is answered by %q", line, got)
		}
	}
	// Who hangs up in the middle of a line is let go.
	here, there := net.Pipe()
	done := make(chan struct{})
	go func() { ServeConn(there, nil); close(done) }()
	io.WriteString(here, `{"op":`)
	here.Close()
	<-done
}

func TestOpenLog(t *testing.T) {
	const head = `{"log":{"attempt":0,"from":%d,"size":%d}}` + "\n"
	part := func(from int, text string) string { return fmt.Sprintf(head, from, from+len(text)) + text }
	end := `{"log":{"attempt":0,"from":9,"size":9,"end":true}}` + "\n"
	for text, want := range map[string]string{
		part(2, "hello") + part(7, "\n{") + end:    "2 hello7 \n{9 EOF",
		part(0, "") + end:                          "0 9 EOF",
		part(0, "hello"):                           "0 hello5 the connection ended in the middle",
		strings.TrimSuffix(part(0, "hello"), "lo"): "0 hel3 the connection ended in the middle",
		part(0, "hello") + `{"error":"no"}` + "\n": "0 hello5 no",
		"":                                    "the connection ended in the middle",
		`{"log":{"from":5,"size":2}}` + "\n":  "tells of no log",
		`{"log":{"from":-1,"size":2}}` + "\n": "tells of no log",
		"{}\n":                                "tells of no log",
		`{"node":{"name":"node 1 (host b)","why":"it is gone"}}` + "\n": "node 1 (host b) cannot be reached: it is gone",
	} {
		got := ""
		l, err := OpenLog(context.Background(), serveText(t, text), Request{})
		for err == nil {
			got += fmt.Sprint(l.Offset(), " ")
			b := make([]byte, 3)
			for err == nil && l.Offset() < l.Part().Size {
				var n int
				n, err = l.Read(b)
				got += string(b[:n])
			}
			if err == nil {
				at := l.Offset()
				if err = l.Next(); err != nil && err != io.EOF {
					got += fmt.Sprint(at, " ")
				}
			} else {
				got += fmt.Sprint(l.Offset(), " ")
			}
		}
		if l != nil {
			l.Close()
		}
		if got += err.Error(); !strings.Contains(got, want) {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
		if strings.Contains(want, "in the middle") && !errors.Is(err, ErrCut) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
