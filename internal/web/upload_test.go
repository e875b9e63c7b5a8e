package web

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

const recording = `{"version":2,"width":80,"height":24,"title":"from the file"}` + "\n" + `[0.1, "o", "hello\r\n"]` + "\n"

func TestUpload(t *testing.T) {
	s := newAsciinemaServer(t)
	file := strings.NewReader("before" + recording)
	file.Seek(6, io.SeekStart)
	o := UploadOptions{Server: s.URL + "/", Token: goodID, User: "ann", File: file, Name: "my demo.cast",
		Title: "A \"demo\"\r\nü", Description: "of it", Visibility: "private"}
	up, err := Upload(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if up.URL != s.URL+"/a/1" || up.Message != "View the recording at:\n\n    "+s.URL+"/a/1" {
		t.Errorf("the answer is %+v", up)
	}
	got := s.got[0]
	if got.data != recording || got.name != "my demo.cast" || got.user != "ann" {
		t.Errorf("the server got %+v", got)
	}
	if got.fields["title"] != o.Title || got.fields["description"] != "of it" || got.fields["visibility"] != "private" || len(got.fields) != 3 {
		t.Errorf("the server got the fields %v", got.fields)
	}
	if r := s.asked(); !slices.Equal(r, []string{"POST /api/v1/recordings"}) {
		t.Errorf("the requests were %v", r)
	}
}

// An older server gets it over its own path, but not if it cannot do what is asked:
// what was to be private would be public.
func TestUploadOlder(t *testing.T) {
	s := newAsciinemaServer(t)
	s.older = true
	o := UploadOptions{Server: s.URL, Token: goodID, File: strings.NewReader(recording)}
	if _, err := Upload(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if s.got[0].data != recording || s.got[0].name != "recording.cast" {
		t.Errorf("the server got %+v", s.got[0])
	}
	o.File = strings.NewReader(recording)
	o.Visibility = "private"
	if _, err := Upload(t.Context(), o); err == nil || !strings.Contains(err.Error(), "takes no visibility with a recording: nothing was uploaded") {
		t.Errorf("got %v", err)
	}
	if len(s.got) != 1 {
		t.Errorf("%d recordings were uploaded, want 1", len(s.got))
	}
}

func TestUploadRefused(t *testing.T) {
	s := newAsciinemaServer(t)
	s.maxSize = 10 << 10
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	moved := httptest.NewServer(http.RedirectHandler("https://else.example.org/", http.StatusMovedPermanently))
	defer moved.Close()
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		http.Error(w, "<html>teapot", http.StatusTeapot)
	}))
	defer odd.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer cut.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close() // nobody listens there now

	const secret = "11111111-2222-3333-4444-555555555555"
	for _, c := range []struct {
		name, server, token, data, want string
	}{
		{"unknown id", s.URL, secret, recording, `does not accept the install id: it is unknown or was revoked; ` + "`asciinema auth`" + ` registers it: "Invalid or revoked install ID" (HTTP status 401)`},
		{"too large", s.URL, goodID, recording + strings.Repeat("#", 20<<10), "larger than the server permits"},
		{"no asciicast", s.URL, goodID, "Script started on", `does not take this file for an asciicast: "not an asciicast"`},
		{"another server", gone.URL, goodID, recording, "there is no asciinema server at this URL (HTTP status 404)"},
		{"moved", moved.URL, goodID, recording, `sends us to "https://else.example.org/"`},
		{"odd", odd.URL, goodID, recording, "the server refuses it (HTTP status 418)"},
		{"cut", cut.URL, goodID, recording, "closed the connection without an answer: the server may have the recording all the same: look there"},
		{"nobody", "http://" + ln.Addr().String(), goodID, recording, "connection refused"},
		{"no url", "asciinema.org", goodID, recording, "has the form https://HOST"},
		{"a query", "https://h/?x=1", goodID, recording, "a name or a query"},
		{"not encrypted", "http://asciinema.example.org", goodID, recording, "is not encrypted"},
		{"no id", s.URL, "", recording, "no install id"},
	} {
		_, err := Upload(t.Context(), UploadOptions{Server: c.server, Token: c.token, File: strings.NewReader(c.data)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "uploading a recording") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && c.name == "nobody" && strings.Contains(err.Error(), "all the same") {
			t.Errorf("%s: nothing was sent, but it says %v", c.name, err)
		}
	}
	if _, err := Upload(t.Context(), UploadOptions{Server: s.URL, Token: goodID, File: strings.NewReader(recording), Visibility: "secret"}); err == nil || !strings.Contains(err.Error(), "public, unlisted, private") {
		t.Errorf("got %v", err)
	}
	if len(s.got) > 0 {
		t.Errorf("something was uploaded: %+v", s.got)
	}
}

// A broken answer is not a broken upload.
func TestUploadAnswers(t *testing.T) {
	for _, c := range []struct{ contentType, body, url, err string }{
		{"text/plain", "https://h/a/1\n", "https://h/a/1", ""},
		{"application/json", `{"url":"https://h/a/2"}`, "https://h/a/2", ""},
		{"application/json", `{"url":null,"message":null}`, "", "does not say where"},
		{"application/json", `{`, "", "does not say where"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", c.contentType)
			io.WriteString(w, c.body)
		}))
		up, err := Upload(t.Context(), UploadOptions{Server: s.URL, Token: goodID, File: strings.NewReader(recording)})
		s.Close()
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.body, err)
			}
		case err != nil || up.URL != c.url:
			t.Errorf("%s: %+v %v", c.body, up, err)
		}
	}
}

// asciinema's own program finds that our test's server is one.
func TestAsciinemaUploads(t *testing.T) {
	tool := testpeer.Need(t, "asciinema", "asciinema")
	s := newAsciinemaServer(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "demo.cast")
	if err := os.WriteFile(path, []byte(recording), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(id string) (string, error) {
		cmd := exec.CommandContext(t.Context(), tool, "upload", path)
		cmd.Env = append(os.Environ(), "ASCIINEMA_API_URL="+s.URL, "ASCIINEMA_INSTALL_ID="+id, "ASCIINEMA_CONFIG_HOME="+dir, "USER=ben",
			"no_proxy=127.0.0.1", "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run(goodID)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, s.URL+"/a/1") {
		t.Errorf("asciinema says %q", out)
	}
	if len(s.got) != 1 || s.got[0].data != recording || s.got[0].user != "ben" {
		t.Errorf("the server got %+v", s.got)
	}
	if out, err := run("unknown"); err == nil || !strings.Contains(out, "Invalid or revoked install ID") {
		t.Errorf("%v %q", err, out)
	}
}

func TestInstallID(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("2/.config/asciinema/install-id", "two\n")
	write("3/.config/asciinema/install-id", "two\n")
	write("3/.local/state/asciinema/install-id", " three \n")
	write("xdg/asciinema/install-id", "xdg")
	write("own/install-id", "own")
	write("empty/.config/asciinema/install-id", "\n")
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"HOME": dir + "/2"}, "two"},
		{map[string]string{"HOME": dir + "/3"}, "three"},
		{map[string]string{"HOME": dir + "/3", "ASCIINEMA_INSTALL_ID": "var"}, "var"},
		{map[string]string{"HOME": dir + "/2", "XDG_STATE_HOME": dir + "/xdg"}, "xdg"},
		{map[string]string{"HOME": dir + "/2", "XDG_CONFIG_HOME": dir + "/xdg"}, "xdg"},
		{map[string]string{"HOME": dir + "/2", "ASCIINEMA_CONFIG_HOME": dir + "/own"}, "own"},
		{map[string]string{"HOME": dir + "/empty"}, ""},
		{map[string]string{"HOME": dir + "/none"}, ""},
		{map[string]string{}, ""},
	} {
		got, err := InstallID(func(k string) string { return c.env[k] })
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%v: %q %v, want %q", c.env, got, err, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "asciinema auth") {
			t.Errorf("%v: %v", c.env, err)
		}
	}
	if _, err := os.Stat(dir + "/none"); err == nil {
		t.Error("something was created")
	}
}
