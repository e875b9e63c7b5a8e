package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/internal/web/alis"
)

// asciinemaServer does what an asciinema server does with uploads and streams. An
// older one has no version of its API; it has one path for uploads, and the file's
// field has another name.
type asciinemaServer struct {
	*httptest.Server
	older   bool
	maxSize int
	known   []string // install ids

	// stream, if set, is told of each connection of a producer, after the first
	// screen; it reads on and closes it.
	stream func(n int, c *websocket.Conn, p *picture)

	mu       sync.Mutex
	got      []upload
	requests []string
	streams  int
}

type upload struct {
	name, user, data string
	fields           map[string]string
}

const goodID = "3b9b8a2e-5d0c-4d6e-9f61-5a3d1f0d2c11"

func newAsciinemaServer(t *testing.T) *asciinemaServer {
	s := &asciinemaServer{known: []string{goodID}, maxSize: 1 << 20}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *asciinemaServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	switch {
	case r.Method == "POST" && r.URL.Path == "/api/v1/recordings" && !s.older:
		s.upload(w, r, "file")
	case r.Method == "POST" && r.URL.Path == "/api/asciicasts":
		s.upload(w, r, "asciicast")
	case r.Method == "GET" && r.URL.Path == "/ws/S/token":
		s.produce(w, r)
	default:
		http.NotFound(w, r)
	}
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

func (s *asciinemaServer) upload(w http.ResponseWriter, r *http.Request, field string) {
	user, id, ok := r.BasicAuth()
	if !ok || !slices.Contains(s.known, id) {
		reply(w, 401, map[string]string{"message": "Invalid or revoked install ID"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, int64(s.maxSize)+4096)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		reply(w, 413, map[string]string{"message": "The recording exceeds the size limit"})
		return
	}
	f, h, err := r.FormFile(field)
	if err != nil {
		reply(w, 400, map[string]string{"message": err.Error()})
		return
	}
	data, err := io.ReadAll(f)
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var header struct{ Version int }
	if err != nil || json.Unmarshal(line, &header) != nil || header.Version < 1 || header.Version > 3 {
		reply(w, 422, map[string]string{"message": "not an asciicast"})
		return
	}
	u := upload{name: h.Filename, user: user, data: string(data), fields: map[string]string{}}
	for k, v := range r.MultipartForm.Value {
		u.fields[k] = v[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, u)
	where := fmt.Sprintf("%s/a/%d", s.URL, len(s.got))
	w.Header().Set("Location", where)
	reply(w, 201, map[string]string{"url": where, "message": "View the recording at:\n\n    " + where + "\n"})
}

func (s *asciinemaServer) produce(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Sec-WebSocket-Protocol"), alis.Protocol) {
		http.Error(w, "unsupported", 400)
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{alis.Protocol}})
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(16 << 20)
	s.mu.Lock()
	s.streams++
	n := s.streams
	s.mu.Unlock()
	p := &picture{}
	for p.term == nil {
		if err := p.read(r.Context(), c); err != nil {
			return
		}
	}
	s.stream(n, c, p)
}

func (s *asciinemaServer) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
