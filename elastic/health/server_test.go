package health

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, progress func() Progress) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", progress)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func healthy() Progress { return Progress{State: "healthy", Last: time.Now(), Alive: 8, Run: "r"} }

// ask sends one request on a connection of its own.
func ask(t *testing.T, s *Server, method, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+s.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestAnswers(t *testing.T) {
	last := time.Now()
	var sick atomic.Bool
	s := listen(t, func() Progress {
		p := Progress{State: "healthy", Last: last, Restarts: 2, Alive: 8, Run: "träin <7>"}
		if sick.Load() {
			p.Unhealthy = "rank 3 hangs"
		}
		return p
	})
	for _, reason := range []string{"", "rank 3 hangs"} {
		sick.Store(reason != "")
		want := http.StatusOK
		if reason != "" {
			want = http.StatusServiceUnavailable
		}
		resp, body := ask(t, s, "GET", "/")
		var a answer
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if a.Age < 0 {
			t.Errorf("age %v", a.Age)
		}
		a.Age = 0
		if w := (answer{State: "healthy", LastProgress: float64(last.UnixMilli()) / 1e3, Restarts: 2, Alive: 8, Run: "träin <7>", Reason: reason}); a != w {
			t.Errorf("%+v, want %+v", a, w)
		}
		if resp.StatusCode != want || resp.Header.Get("Content-Type") != "application/json" || !strings.HasSuffix(body, "}\n") {
			t.Errorf("%s, %v: %q", resp.Status, resp.Header, body)
		}
		head, none := ask(t, s, "HEAD", "/")
		if head.StatusCode != want || none != "" || head.Header.Get("Content-Type") != "application/json" {
			t.Errorf("HEAD: %s, %v: %q", head.Status, head.Header, none)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := listen(t, healthy)
	for request, want := range map[string]int{
		"GET /?verbose=1": 200, "GET /metrics": 404, "GET //": 404, "GET /..": 404, "POST /other": 404,
		"POST /": 405, "DELETE /": 405, "OPTIONS /": 405, "BREW /": 405,
	} {
		method, path, _ := strings.Cut(request, " ")
		resp, body := ask(t, s, method, path)
		if resp.StatusCode != want || (want == 405) != (resp.Header.Get("Allow") == "GET, HEAD") {
			t.Errorf("%s: %s, %v, %q; want %d", request, resp.Status, resp.Header, body, want)
		}
	}
}

// say sends bytes and returns the first line of the answer.
func say(t *testing.T, s *Server, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go io.Copy(c, strings.NewReader(text)) // it may be cut off
	first, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(first)
}

func TestHostileRequests(t *testing.T) {
	s := listen(t, healthy)
	for text, want := range map[string]string{
		"\x00\xff\r\n\r\n":           "HTTP/1.1 400 Bad Request",
		"GET / HTTP/9.9\r\n\r\n":     "HTTP/1.1 400 Bad Request",
		"OPTIONS * HTTP/1.0\r\n\r\n": "HTTP/1.1 404 Not Found",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n": "HTTP/1.1 400 Bad Request",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nbody":        "HTTP/1.1 200 OK",
		"GET / HTTP/1.0\r\n\r\n": "HTTP/1.1 200 OK",
	} {
		if got := say(t, s, text); got != want {
			t.Errorf("%.60q: %q, want %q", text, got, want)
		}
	}
}

// Who connects and keeps silent does not keep others out, and Close does not
// wait for it.
func TestSilentClients(t *testing.T) {
	s := listen(t, healthy)
	var silent []net.Conn
	for range 2 * maxConns {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
	}
	if resp, body := ask(t, s, "GET", "/"); resp.StatusCode != 200 {
		t.Errorf("%s: %s", resp.Status, body)
	}
	// The oldest are closed, and not one more than must be.
	for i, c := range silent[:maxConns] {
		if n, err := c.Read(make([]byte, 1)); err == nil || n > 0 {
			t.Fatalf("connection %d is still open", i)
		}
	}
	if err := silent[2*maxConns-1].SetReadDeadline(time.Now().Add(-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := silent[2*maxConns-1].Read(make([]byte, 1)); err == io.EOF {
		t.Error("the newest silent connection is closed")
	}
	s.Close()
	for i, c := range silent {
		_ = c.SetReadDeadline(time.Time{})
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("connection %d is open after Close", i)
		}
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("it still listens after Close")
	}
}

func TestListenErrors(t *testing.T) {
	s := listen(t, healthy)
	addr := s.Addr().String()
	for addr, want := range map[string]string{
		addr:               `listening for health checks on "` + addr + `": bind: address already in use; another process has this port: choose another one (TORCHELASTIC_HEALTH_CHECK_PORT)`,
		"":                 `listening for health checks on "": missing port in address`,
		"8080":             `listening for health checks on "8080": address 8080: missing port in address`,
		"127.0.0.1:100000": `listening for health checks on "127.0.0.1:100000": address 100000: invalid port`,
	} {
		if other, err := Listen(addr, healthy); err == nil || err.Error() != want {
			t.Errorf(" got %v\nwant %s", err, want)
			if err == nil {
				other.Close()
			}
		}
	}
	if _, err := Listen("127.0.0.1:0", nil); err == nil {
		t.Error("there is nobody to ask, and it listens")
	}
	s.Close()
	again, err := Listen(addr, healthy)
	if err != nil {
		t.Fatalf("the port is not free after Close: %v", err)
	}
	again.Close()
}

func TestJudge(t *testing.T) {
	begin := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		p       Progress
		now     float64
		timeout time.Duration
		want    answer
	}{
		"fresh":         {Progress{Last: time.Unix(1100, 5e8)}, 1101, time.Minute, answer{LastProgress: 1100.5, Age: 0.5}},
		"at the limit":  {Progress{Last: time.Unix(1100, 0)}, 1160, time.Minute, answer{LastProgress: 1100, Age: 60}},
		"old":           {Progress{Last: time.Unix(1100, 0)}, 1160.25, time.Minute, answer{LastProgress: 1100, Age: 60.25, Reason: "no progress for 1m0.25s, more than 1m0s"}},
		"old, no limit": {Progress{Last: time.Unix(1100, 0)}, 9999, 0, answer{LastProgress: 1100, Age: 8899}},
		"none yet":      {Progress{}, 1030, time.Minute, answer{LastProgress: 1000, Age: 30}},
		"none at all":   {Progress{}, 1061, time.Minute, answer{LastProgress: 1000, Age: 61, Reason: "no progress for 1m1s, more than 1m0s"}},
		"from ahead":    {Progress{Last: time.Unix(1100, 0)}, 1090, time.Minute, answer{LastProgress: 1100}},
		"sick and old":  {Progress{Last: time.Unix(1, 0), Unhealthy: "why"}, 1090, time.Minute, answer{LastProgress: 1, Age: 1089, Reason: "why"}},
	} {
		if got := judge(c.p, begin, time.UnixMilli(int64(c.now*1e3)), c.timeout); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// An agent that hangs gets 503, and no more than one goroutine hangs with it.
func TestStuckAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, hold := 0, make(chan struct{})
		s := &Server{asking: make(chan struct{}, 1), timeout: time.Minute, progress: func() Progress {
			calls++
			<-hold
			return healthy()
		}}
		for range 3 {
			if got := s.ask(); got != stuck() {
				t.Errorf("%+v", got)
			}
		}
		synctest.Wait()
		if calls != 1 {
			t.Errorf("%d calls at once", calls)
		}
		close(hold)
		s.all.Wait()
		if got := s.ask(); got.Reason != "" || got.State != "healthy" {
			t.Errorf("after it woke: %+v", got)
		}
		s.all.Wait()
	})
}
