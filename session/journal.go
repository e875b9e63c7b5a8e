package session

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The journal's files beside the log of the output, stdout.log. They are in the
// advanced format of script(1), but that the logs have no first line of its own:
// they hold the bytes and nothing else. scriptreplay(1), which skips a first
// line, plays them with one put before:
//
//	scriptreplay -T timing -O <(echo; cat stdout.log)
const (
	StdinLog   = "stdin.log"
	TimingFile = "timing"
)

// journal writes down what was written to the program, by whom, and when
// anything happened. Every entry is one write, so that a SIGKILL loses none.
//
// Beside script's own entries it has three of the head's kind, which script's
// readers skip: "SOURCE name" says who wrote the input that follows, "HIDDEN
// name" that something was typed while the terminal did not echo, and "SECRET
// name" that a secret was; neither is logged.
//
// A nil journal writes nothing.
type journal struct {
	note func(string)

	mu     sync.Mutex
	in     *os.File // nil: the input is not written down
	timing *os.File
	last   time.Time
	start  time.Time
	source string
	broken bool
	buf    []byte
}

func newJournal(dir string, o Options) (*journal, error) {
	var in *os.File
	inputLog := ""
	if !o.NoInput {
		var err error
		if in, err = create(filepath.Join(dir, StdinLog)); err != nil {
			return nil, err
		}
		inputLog = StdinLog
	}
	timing, err := create(filepath.Join(dir, TimingFile))
	if err != nil {
		in.Close()
		return nil, err
	}
	now := time.Now()
	j := &journal{note: o.Note, in: in, timing: timing, last: now, start: now}
	for _, kv := range [][2]string{
		{"START_TIME", now.Format("2006-01-02 15:04:05-07:00")}, {"TERM", o.Term},
		{"COLUMNS", fmt.Sprint(o.Size.Cols)}, {"LINES", fmt.Sprint(o.Size.Rows)},
		{"COMMAND", o.Command}, {"TIMING_LOG", TimingFile}, {"OUTPUT_LOG", "stdout.log"}, {"INPUT_LOG", inputLog},
	} {
		if kv[1] != "" {
			j.head(kv[0], kv[1])
		}
	}
	j.flush()
	return j, nil
}

// create makes a file that must be new; links are not followed.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

// head puts down a fact at the time of the entry before.
func (j *journal) head(name, value string) {
	j.buf = fmt.Appendf(j.buf, "H 0.000000 %s %s\n", name, oneLine(value))
}

// oneLine keeps a value from being taken for entries of its own.
func oneLine(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' {
			b[i] = ' '
		}
	}
	return string(b)
}

// entry puts down something that happens now.
func (j *journal) entry(kind byte, at time.Time, rest string) {
	d := max(at.Sub(j.last), 0)
	j.last = at
	j.buf = fmt.Appendf(j.buf, "%c %d.%06d %s\n", kind, d/time.Second, d%time.Second/time.Microsecond, rest)
}

// count is entry for a number of bytes, as it comes with each key and thousands of
// times a second.
func (j *journal) count(kind byte, at time.Time, n int64) {
	d := max(at.Sub(j.last), 0)
	j.last = at
	j.buf = append(j.buf, kind, ' ')
	j.buf = appendSeconds(j.buf, d)
	j.buf = append(j.buf, ' ')
	j.buf = appendInt(j.buf, n)
	j.buf = append(j.buf, '\n')
}

// flush writes it all at once.
func (j *journal) flush() {
	b := j.buf
	j.buf = j.buf[:0]
	if j.broken {
		return
	}
	if _, err := j.timing.Write(b); err != nil {
		j.fail(err)
	}
}

func (j *journal) fail(err error) {
	j.broken = true
	j.note("the input and timing of this session are no longer written down: " + err.Error())
}

// output notes that n bytes came.
func (j *journal) output(n int64, at time.Time) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count('O', at, n)
	j.flush()
}

// input writes down what was written to the program.
func (j *journal) input(source string, p []byte, at time.Time) {
	if j == nil || j.in == nil || len(p) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		return
	}
	if _, err := j.in.Write(p); err != nil {
		j.fail(err)
		return
	}
	if source != j.source {
		j.head("SOURCE", source)
		j.source = source
	}
	j.count('I', at, int64(len(p)))
	j.flush()
}

// kept notes that something was typed that is not written down.
func (j *journal) kept(what, source string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head(what, source)
	j.flush()
}

func (j *journal) resized(s Size, at time.Time) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entry('S', at, fmt.Sprintf("SIGWINCH ROWS=%d COLS=%d", s.Rows, s.Cols))
	j.flush()
}

// end puts down how it ended.
func (j *journal) end(status int) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	d := time.Since(j.start)
	j.head("DURATION", fmt.Sprintf("%d.%06d", d/time.Second, d%time.Second/time.Microsecond))
	j.head("EXIT_CODE", fmt.Sprint(status))
	j.flush()
}

func (j *journal) close() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.in.Close()
	j.timing.Close()
	j.broken = true
}

// appendSeconds appends d as seconds with six decimals.
func appendSeconds(b []byte, d time.Duration) []byte {
	b = appendInt(b, int64(d/time.Second))
	b = append(b, '.')
	us := int64(d % time.Second / time.Microsecond)
	for div := int64(100000); div > 1 && us < div; div /= 10 {
		b = append(b, '0')
	}
	return appendInt(b, us)
}
