//go:build linux

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// uploads is an asciinema server, of today or an older one.
type uploads struct {
	*httptest.Server
	older bool
	mu    sync.Mutex
	last  map[string]string // the form's fields, the file's name and its text
}

const installID = "3b9b8a2e-5d0c-4d6e-9f61-5a3d1f0d2c11"

func newUploads(t *testing.T, older bool) *uploads {
	u := &uploads{older: older}
	u.Server = httptest.NewUnstartedServer(u)
	u.Start()
	t.Cleanup(u.Close)
	return u
}

// got is what was uploaded last.
func (u *uploads) got() map[string]string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last
}

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, field := "/api/v1/recordings", "file"
	if u.older {
		path, field = "/api/asciicasts", "asciicast"
	}
	if r.URL.Path != path || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if _, id, _ := r.BasicAuth(); id != installID {
		w.WriteHeader(401)
		io.WriteString(w, `{"message": "revoked \u001b[31m"}`)
		return
	}
	f, h, err := r.FormFile(field)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	text, _ := io.ReadAll(f)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = map[string]string{"name": h.Filename, "text": string(text)}
	for k, v := range r.MultipartForm.Value {
		u.last[k] = v[0]
	}
	if u.older {
		w.WriteHeader(201)
		io.WriteString(w, u.URL+"/a/1\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(201)
	json.NewEncoder(w).Encode(map[string]string{"url": u.URL + "/a/1", "message": "thanks\x1b[31m\n"})
}

func TestUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = append(w.env, "HOME="+w.dir, "ASCIINEMA_INSTALL_ID=", "ASCIINEMA_SERVER_URL=", "ASCIINEMA_API_URL=")
	w.demo()
	w.must("cast", "convert", "demo.cast", "d.typescript")
	for _, older := range []bool{false, true} {
		u := newUploads(t, older)
		r := w.run("upload", "demo.cast", "--server", u.URL, "--token", installID)
		if r.status != 0 || r.stdout != u.URL+"/a/1\n" || strings.Contains(r.stderr, "\x1b") {
			t.Errorf("%+v", r)
		}
		if got := u.got(); got["text"] != w.read(w.path("demo.cast")) || got["name"] != "demo.cast" {
			t.Errorf("the server has %q", got)
		}
		// What is no asciicast becomes one; the variables name the server and the token.
		for _, from := range []string{"d.typescript", "demo/0"} {
			r = w.runWith(func(c *exec.Cmd) {
				c.Env = append(c.Env, "SLUICE_SERVER="+u.URL, "ASCIINEMA_INSTALL_ID="+installID)
			}, "upload", from)
			if got := u.got(); !strings.HasPrefix(got["text"], `{"version":2,"width":60`) || !strings.Contains(got["text"], "last screen") || r.status != 0 {
				t.Errorf("%s: %+v %q", from, r, got)
			}
		}
		r = w.run("upload", "demo.cast", "--server", u.URL, "--token", "nobody")
		if r.status != 125 || r.stdout != "" || !strings.Contains(r.stderr, "install id") || strings.Contains(r.stderr, "\x1b") {
			t.Errorf("401: %+v", r)
		}
		r = w.run("upload", "demo.cast", "--server", u.URL, "--token", installID, "--title", "a title", "--visibility", "private")
		if got := u.got(); older && (r.status == 0 || !strings.Contains(r.stderr, "older server")) || !older && (got["title"] != "a title" || got["visibility"] != "private") {
			t.Errorf("with a title: %+v %q", r, got)
		}
	}
	w.write("no.cast", "no recording\n")
	for args, says := range map[string]string{
		"":                               "takes FILE",
		"demo.cast":                      "--server",
		"demo.cast --server example.org": "https://",
		"demo.cast --server http://example.org --token x":               "not encrypted",
		"demo.cast --server https://example.org":                        "--token",
		"demo.cast --server https://127.0.0.1 --token x --visibility z": "private",
		"absent.cast --server https://127.0.0.1 --token x":              "no such file",
		"no.cast --server https://127.0.0.1 --token x":                  "no recording",
	} {
		r := w.run(append([]string{"upload"}, strings.Fields(args)...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice upload %s: %+v", args, r)
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	if r := w.run("upload", "demo.cast", "--server", closed.URL, "--token", "x"); r.status != 125 || !strings.Contains(r.stderr, "refused") {
		t.Errorf("nobody there: %+v", r)
	}
}
