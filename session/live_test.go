//go:build linux

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
)

// told is what events say, with pieces of the same kind joined.
func told(b []byte, last *session.EventKind, e session.Event) []byte {
	switch e.Kind {
	case session.EventOutput, session.EventInput:
		if *last != e.Kind {
			b = fmt.Appendf(b, "\n%v: ", e.Kind)
		}
		b = append(b, e.Data...)
	default:
		b = fmt.Appendf(b, "\n%v %dx%d %q %d", e.Kind, e.Cols, e.Rows, e.Text, e.Status)
	}
	*last = e.Kind
	return b
}

// Who follows a session from its beginning, and who comes later, is told what the
// logs say in the end.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	term := sessiontest.Run(t, session.Command{Dir: dir, Args: []string{"sh", "-c", `stty -echo; echo ready; while read -r l; do printf '<%s>\n' "$l"; [ "$l" = flood ] && head -c 3000000 /dev/zero | tr '\0' x; [ "$l" = end ] && exit 7; done`}})
	type heard struct {
		text []byte
		err  error
	}
	results := make(chan heard, 3)
	follow := func() {
		live, err := session.Follow(dir, true)
		if err != nil {
			results <- heard{err: err}
			return
		}
		defer live.Close()
		var h heard
		var last session.EventKind
		for e, err := range live.Events(context.Background()) {
			h.text, h.err = told(h.text, &last, e), errors.Join(h.err, err)
		}
		results <- h
	}
	go follow()
	term.WaitText("ready")
	term.Type("one\n")
	term.WaitText("<one>")
	go follow()
	if err := term.Resize(session.Size{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	term.Mark("here")
	term.Type("flood\n")
	go follow()
	term.Type("end\n")
	if st := term.WaitExit(); st != 7 {
		t.Errorf("status %d", st)
	}
	var want []byte
	var last session.EventKind
	got := []heard{<-results, <-results, <-results}
	if err := session.Events(dir, func(e session.Event) error { want = told(want, &last, e); return nil }); err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g.err != nil || !bytes.Equal(g.text, want) {
			t.Errorf("follower %d: %v\n%.300q\nwant\n%.300q", i, g.err, g.text, want)
		}
	}
	if !bytes.Contains(want, []byte("flood\n")) || !bytes.HasSuffix(want, []byte(`exit 0x0 "" 7`)) {
		t.Errorf("%.500q", want)
	}
}

// The writer of the logs was killed: what is there is told, and then an end.
func TestFollowTheDead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"timing": "H 0.000000 COLUMNS 90\nH 0.000000 LINES 20\nO 0.5 3\nO 0.25", "stdout.log": "abcdef"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	live, err := session.Follow(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	time.AfterFunc(10*time.Millisecond, live.Finish)
	got := ""
	for e, err := range live.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprintf("%v %v %s %dx%d;", e.Time, e.Kind, e.Data, e.Cols, e.Rows)
	}
	if want := "0s begin  90x20;500ms output abc 0x0;500ms output def 0x0;"; got != want {
		t.Errorf("%q, want %q", got, want)
	}

	live, err = session.Follow(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	time.AfterFunc(10*time.Millisecond, func() { cancel(gone) })
	for _, err = range live.Events(ctx) {
	}
	if !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}
