package watchdog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseRequest(t *testing.T) {
	for line, want := range map[string]request{
		// Word by word what the client writes.
		`{"version": 1, "pid": 4711, "scope_id": "step", "expiration_time": 1718000000.5, "signal": 9}`: {key: key{4711, "step"}, expires: time.Unix(1718000000, 500e6), signal: syscall.SIGKILL},
		`{"version": 1, "pid": 4711, "scope_id": "step", "expiration_time": -1, "signal": 0}`:           {key: key{4711, "step"}, release: true},
		`{"version":1,"pid":1,"scope_id":"","expiration_time":0,"signal":-3}`:                           {key: key{1, ""}, expires: time.Unix(0, 0)},
		`{"version":1,"pid":1,"scope_id":"a{\n\u00e9","expiration_time":1e300,"signal":15,"more":[]}`:   {key: key{1, "a{\né"}, expires: time.Unix(farFuture, 0), signal: syscall.SIGTERM},
	} {
		if got, err := parseRequest([]byte(line)); err != nil || got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", line, got, err, want)
		}
	}
	for line, want := range map[string]string{
		``:                  "no timer request: unexpected end of JSON input",
		`{"version": 1, "p`: "no timer request: unexpected end of JSON input",
		`{}`:                "no timer request: a field is missing",
		`null`:              "no timer request: a field is missing",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":null,"signal":9}`:         "no timer request: a field is missing",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":1}`:                       "no timer request: a field is missing",
		`{"version":2,"pid":1,"scope_id":"a","expiration_time":1,"signal":9}`:            "timer request of version 2, only 1 is known",
		`{"version":1,"pid":0,"scope_id":"a","expiration_time":1,"signal":9}`:            "timer request of process 0",
		`{"version":1,"pid":-9,"scope_id":"a","expiration_time":1,"signal":9}`:           "timer request of process -9",
		`{"version":1,"pid":4294967296,"scope_id":"a","expiration_time":1,"signal":9}`:   "timer request of process 4294967296",
		`{"version":1,"pid":1.5,"scope_id":"a","expiration_time":1,"signal":9}`:          "no timer request: json: cannot unmarshal number 1.5",
		`{"version":1,"pid":1,"scope_id":7,"expiration_time":1,"signal":9}`:              "no timer request: json: cannot unmarshal number",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":1e999,"signal":9}`:        "no timer request: json: cannot unmarshal number",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":Infinity,"signal":9}`:     "no timer request: invalid character 'I'",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":1,"signal":65}`:           "timer request with signal 65, the highest is 64",
		`{"version":1,"pid":1,"scope_id":"a","expiration_time":1,"signal":9}{"version":`: "no timer request: invalid character '{'",
	} {
		if got, err := parseRequest([]byte(line)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n got %+v, %v\nwant %s", line, got, err, want)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"version": 1, "pid": 4711, "scope_id": "step", "expiration_time": 1718000000.5, "signal": 9}`))
	f.Add([]byte(`{"version": 1, "pid": 4711, "scope_id": "step", "expiration_time": -1, "signal": 0}`))
	f.Add([]byte(`{"version":1,"pid":1,"scope_id":"\ud800","expiration_time":1e308,"signal":-9223372036854775808}`))
	f.Add([]byte(`[1]`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil {
			return
		}
		if !json.Valid(line) || r.pid <= 0 || r.signal < 0 || r.signal > maxSignal || r.release != r.expires.IsZero() {
			t.Errorf("%q: %+v", line, r)
		}
		if r.expires.Unix() > farFuture {
			t.Errorf("%q expires at %v", line, r.expires)
		}
	})
}

// Whatever the pieces, the lines are the same.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nthree"), byte(1))
	f.Add([]byte(strings.Repeat("x", maxLine)+"\n"+strings.Repeat("y", maxLine+1)+"\nz\n"), byte(7))
	f.Add([]byte("\n\n"), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, size byte) {
		var got, want []string
		var l lines
		for piece := range slices.Chunk(data, int(size)+1) {
			l.feed(piece, func(b []byte) { got = append(got, string(b)) }, func() { got = append(got, "too long") })
		}
		whole := bytes.Split(data, []byte("\n"))
		for _, b := range whole[:len(whole)-1] {
			if len(b) > maxLine {
				b = []byte("too long")
			}
			want = append(want, string(b))
		}
		if !slices.Equal(got, want) {
			t.Errorf("pieces of %d of %q: %q, want %q", int(size)+1, data, got, want)
		}
	})
}
