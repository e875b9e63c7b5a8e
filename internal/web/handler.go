package web

import (
	"bytes"
	"net/http"
	"time"

	"github.com/sluicerun/sluice/playback/animate"
)

// pagePolicy lets the page load what lies beside it and nothing else. The player
// is WebAssembly, and sets style attributes.
const pagePolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *server) handler() http.Handler {
	started := time.Now()
	file := func(contentType string, data []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			http.ServeContent(w, r, "", started, bytes.NewReader(data))
		}
	}
	js, css := animate.Player()
	routes := map[string]http.HandlerFunc{
		"":           file("text/html; charset=utf-8", s.page),
		"page.js":    file("text/javascript; charset=utf-8", pageJS),
		"page.css":   file("text/css; charset=utf-8", pageCSS),
		"player.js":  file("text/javascript; charset=utf-8", js),
		"player.css": file("text/css; charset=utf-8", css),
		"ws":         s.watch,
		"screen":     s.screen,
	}
	if s.o.Cast != nil {
		routes["cast"] = s.cast
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.busy.RLock()
		defer s.busy.RUnlock()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // the URL may hold the token
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cache-Control", "no-cache")
		path, status, why := s.guard.check(r)
		if status != 0 {
			http.Error(w, why, status)
			return
		}
		route, ok := routes[path]
		switch {
		case !ok:
			http.Error(w, "there is nothing here", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "here one can only look", http.StatusMethodNotAllowed)
		case path == "" && r.URL.Path != s.guard.base():
			// The page's other parts are beside it, so the slash at the end counts.
			http.Redirect(w, r, s.guard.base(), http.StatusMovedPermanently)
		default:
			route(w, r)
		}
	})
}
