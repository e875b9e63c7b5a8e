package web

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// pictures are the formats of the screen. A picture is what a program drew, so
// where a browser would run what it finds in one, it may not.
var pictures = map[string]struct {
	contentType string
	draw        func(w io.Writer, s *vt.Snapshot, o render.Options) error
}{
	"text": {"text/plain; charset=utf-8", func(w io.Writer, s *vt.Snapshot, o render.Options) error {
		_, err := io.WriteString(w, render.Text(s, o))
		return err
	}},
	"ansi": {"text/plain; charset=utf-8", func(w io.Writer, s *vt.Snapshot, o render.Options) error {
		_, err := w.Write(render.ANSI(s, o))
		return err
	}},
	"json": {"application/json", func(w io.Writer, s *vt.Snapshot, o render.Options) error {
		b, err := render.JSON(s, o)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}},
	"html": {"text/html; charset=utf-8", render.HTML},
	"svg":  {"image/svg+xml", render.SVG},
	"png":  {"image/png", render.PNG},
}

const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; sandbox; frame-ancestors 'none'"

func (s *server) screen(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name := q.Get("format")
	if name == "" {
		name = "text"
	}
	p, ok := pictures[name]
	if !ok {
		var names []string
		for n := range pictures {
			names = append(names, n)
		}
		slices.Sort(names)
		http.Error(w, "the formats of the screen are "+strings.Join(names, ", "), http.StatusBadRequest)
		return
	}
	back := q.Get("scrollback") == "1"
	var b bytes.Buffer
	if err := p.draw(&b, s.hub.snapshot(back), render.Options{Scrollback: back}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", p.contentType)
	w.Header().Set("Content-Security-Policy", picturePolicy)
	w.Header().Set("Cache-Control", "no-store")
	w.Write(b.Bytes())
}

// cast sends the recording. When that fails half-way the connection breaks, so
// that nobody takes what came for all of it.
func (s *server) cast(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/x-asciicast")
	h.Set("Content-Disposition", `attachment; filename="session.cast"`)
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	c := counter{w: w}
	err := s.o.Cast(&c)
	switch {
	case err == nil:
	case c.n > 0:
		panic(http.ErrAbortHandler)
	default:
		h.Del("Content-Disposition")
		http.Error(w, "the recording cannot be read", http.StatusInternalServerError)
	}
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
