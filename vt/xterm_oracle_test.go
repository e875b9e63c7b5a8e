package vt_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// oracle is @xterm/headless, the terminal of VS Code without its screen, in a
// process of node. testdata/xterm/oracle.js tells its protocol.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

const oracleDir = "testdata/xterm"

// newOracle starts the oracle; it ends with the test.
func newOracle(t testing.TB) *oracle {
	t.Helper()
	node := testpeer.Need(t, "node", "nodejs")
	if _, err := os.Stat(filepath.Join(oracleDir, "node_modules")); err != nil {
		testpeer.Missing(t, "needs @xterm/headless: npm --prefix vt/%s ci", oracleDir)
	}
	cmd := exec.Command(node, "oracle.js")
	cmd.Dir = oracleDir
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the oracle ended badly: %v", err)
		}
	})
	return &oracle{in, bufio.NewReaderSize(out, 1<<20)}
}

// step is what is done to a terminal; what is set happens in the order of the
// fields.
type step struct {
	New    *newStep   `json:"new,omitempty"`
	Write  []byte     `json:"write,omitempty"`
	Resize *[2]int    `json:"resize,omitempty"`
	Check  *checkStep `json:"check,omitempty"`
}

type newStep struct {
	Cols int `json:"cols"`
	Rows int `json:"rows"`
}

type checkStep struct {
	Scrollback bool   `json:"scrollback"` // also the lines above the screen
	Name       string `json:"-"`
}

// ask lets the oracle do the steps and returns what its checks saw. It takes no
// testing.T: a property that fails is run again many times.
func (o *oracle) ask(steps []step) ([]shot, error) {
	line, err := json.Marshal(steps)
	if err != nil {
		return nil, err
	}
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	answer, err := o.out.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if answer[0] == '{' {
		return nil, &thrown{string(answer)}
	}
	var shots []shot
	return shots, json.Unmarshal(answer, &shots)
}

// thrown is an exception of xterm.js: its own fault, never that of the caller.
type thrown struct{ text string }

func (e *thrown) Error() string { return "xterm.js threw: " + e.text }

// shot is what is to be seen of a terminal at one moment, in the words of the
// oracle.
type shot struct {
	Cols, Rows int
	X, Y       int // X == Cols: the last column is written, the next character wraps
	Lines      []shotLine
	Scrollback []shotLine
	Above      int // lines above the main screen
	Modes      shotModes
	Replies    []byte
	Titles     []string
	Bells      int
}

// shotLine is made so that lines can be compared as a whole.
type shotLine struct {
	Text    string // of each cell, with a newline after it
	Width   string // of each cell, a digit
	Style   string // "12:bold fg=1\n": twelve cells that look so, and so on
	Wrapped bool   // the text goes on in the next line
}

// cells takes a line apart.
func (l shotLine) cells() (text, style []string) {
	text = strings.Split(strings.TrimSuffix(l.Text, "\n"), "\n")
	for run := range strings.Lines(l.Style) {
		count, words, _ := strings.Cut(strings.TrimSuffix(run, "\n"), ":")
		n, _ := strconv.Atoi(count)
		for range n {
			style = append(style, words)
		}
	}
	return text, style
}

type shotModes struct {
	Alternate     bool
	Visible       bool
	AppCursor     bool
	AppKeypad     bool
	Paste         bool
	Insert        bool
	Mouse         string
	MouseEncoding string
	Origin        bool
	ReverseWrap   bool
	Focus         bool
	Sync          bool
	Autowrap      bool
	Shape         string
}
