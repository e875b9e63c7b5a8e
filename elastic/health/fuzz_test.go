package health

import (
	"strings"
	"testing"
)

// FuzzHTTP: whatever a client sends is a request or an error, read no further
// than allowed, and the answer is one that HTTP understands.
func FuzzHTTP(f *testing.F) {
	for _, s := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /?a=b HTTP/1.0\n\n", "HEAD http://h/x HTTP/1.1\r\n\r\nrest", "GET", "\x00", "GET  / HTTP/1.1\r\n\r\n", "GET http://h HTTP/1.1\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := strings.NewReader(s)
		r, err := readRequest(in)
		if read := len(s) - in.Len(); read > maxRequest {
			t.Errorf("%d bytes were read", read)
		}
		if err == nil && (r.method == "" || strings.ContainsAny(r.method+r.path, " \n") || strings.Contains(r.path, "?")) {
			t.Errorf("%q gives %q", s, r)
		}
		srv := &Server{asking: make(chan struct{}, 1), progress: healthy}
		answer := string(srv.respond(r, err).bytes(r.method == "HEAD"))
		if !strings.HasPrefix(answer, "HTTP/1.1 ") || strings.Count(answer, "\r\n\r\n") != 1 {
			t.Errorf("%q is answered %q", s, answer)
		}
		srv.all.Wait()
	})
}
