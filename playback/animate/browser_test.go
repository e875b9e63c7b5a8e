package animate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// browse opens a page in a browser and returns what the page, in its own time,
// sends to /seen.
func browse(t testing.TB, page string) string {
	t.Helper()
	chromium := testpeer.Need(t, "chromium", "chromium")
	seen := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(page))
		case "/seen":
			if body, err := io.ReadAll(r.Body); err == nil {
				select {
				case seen <- string(body):
				default:
				}
			}
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), srv.URL)
	cmd.Stderr = &stderr
	// The browser has children, which hold stderr and write into its folder.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}()
	select {
	case body := <-seen:
		return body
	case <-ctx.Done():
		t.Fatalf("the page sends nothing: %s", stderr.Bytes())
	}
	return ""
}

// The player in the page shows at a time what our terminal shows.
func TestBrowserPlayer(t *testing.T) {
	r := editor(2)
	at := 1610 * ms
	// The policy of the page lets no script look at it, so one that does not come
	// with the page has to be allowed.
	look := `
const timer = setInterval(() => {
	const lines = [...document.querySelectorAll(".ap-line")].map(l => l.textContent.trimEnd() + "\n").join("");
	if (lines.trim() !== "") {
		clearInterval(timer);
		fetch("/seen", {method: "POST", body: lines});
	}
}, 20);
`
	p := strings.Replace(page(t, r, Options{Poster: at}), "script-src ", "connect-src 'self'; script-src '"+policyHash([]byte(look))+"' ", 1)
	got := browse(t, strings.Replace(p, "</body>", "<script>"+look+"</script></body>", 1))
	var want string
	for f := range loaded(t, r, Options{From: at, Until: at}).frames() {
		want = plain(f.screen, 80, 24)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("at %v (- terminal, + player):\n%s", at, diff)
	}
}

// A browser that plays the drawing shows at all times what our terminal showed, the
// second time as well.
func TestBrowserSVG(t *testing.T) {
	r := shell()
	o := Options{Speed: 4, Hold: 100 * ms}
	var svg bytes.Buffer
	if err := SVG(&svg, r.h, r.all(), o); err != nil {
		t.Fatal(err)
	}
	l := loaded(t, r, o)
	got := browse(t, "<!DOCTYPE html><body style=\"margin:0\">"+svg.String()+fmt.Sprintf(`<script>
const root = document.querySelector("svg");
// What lies in the windows of the strips.
function look() {
	const seen = [];
	for (const text of document.querySelectorAll("svg svg text, svg svg use")) {
		const use = text.tagName === "use";
		const kids = use ? document.querySelector(text.getAttribute("href")).querySelectorAll("text") : [text];
		const m = text.parentNode.getScreenCTM(), dx = use ? +text.getAttribute("x") : 0, dy = use ? +text.getAttribute("y") : 0;
		const port = text.closest("svg"), top = port.parentNode.getScreenCTM().f + port.y.baseVal.value;
		for (const k of kids) {
			const y = m.f + dy + +k.getAttribute("y");
			if (y > top && y < top + port.height.baseVal.value)
				seen.push({X: m.e + dx + +k.getAttribute("x"), Y: y, Text: k.textContent, Drawn: k.getNumberOfChars()});
		}
	}
	return seen;
}
const all = [];
function watch() {
	const at = root.getCurrentTime();
	all.push({At: at, Seen: look()});
	if (at < %g)
		requestAnimationFrame(watch);
	else
		fetch("/seen", {method: "POST", body: JSON.stringify(all)});
}
requestAnimationFrame(watch);
</script>`, 1.3*l.end.Seconds()))
	var all []struct {
		At   float64
		Seen []struct {
			X, Y  float64
			Text  string
			Drawn int // how many of its UTF-16 units are drawn
		}
	}
	if err := json.Unmarshal([]byte(got), &all); err != nil {
		t.Fatalf("%v: %.300s", err, got)
	}
	var frames []frame
	for f := range l.frames() {
		frames = append(frames, f)
	}
	met := map[string]bool{}
	for _, s := range all {
		var letters []letter
		for _, p := range s.Seen {
			if n := len(utf16.Encode([]rune(p.Text))); n != p.Drawn {
				t.Errorf("%d letters of %q are drawn, want %d", p.Drawn, p.Text, n)
			}
			letters = append(letters, letter{p.X, p.Y, p.Text})
		}
		text := arrange(t, letters, l.cols, l.rows)
		met[text] = true
		// The clock has gone on since the browser moved what is seen; times in the
		// drawing are of milliseconds.
		const slack, rounded = .2, .002
		found := false
		for i, f := range frames {
			until := l.end
			if i+1 < len(frames) {
				until = frames[i+1].at
			}
			for round := range 4 {
				begin := float64(round) * l.end.Seconds()
				if begin+f.at.Seconds() <= s.At+rounded && begin+until.Seconds() >= s.At-slack {
					found = found || text == plain(f.screen, l.cols, l.rows)
				}
			}
		}
		if !found {
			t.Errorf("at %v s (end %v) the browser shows what was not there:\n%s", s.At, l.end, text)
		}
	}
	if len(met) < 5 {
		t.Errorf("only %d screens were seen in %d looks", len(met), len(all))
	}
}
