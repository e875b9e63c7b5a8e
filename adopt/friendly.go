package adopt

import (
	"fmt"
	"strings"
)

// pane is one of tmux's.
type pane struct {
	id, tty string
	server  int
	inMode  bool // it shows a copy mode, that takes the keys
	off     bool // its input is switched off
}

// paneFormat makes tmux print what parsePanes reads. A terminal's path has no blanks.
const paneFormat = "#{pane_id} #{pane_tty} #{pid} #{pane_in_mode} #{pane_input_off}"

// parsePanes reads tmux list-panes -a -F paneFormat.
func parsePanes(text string) ([]pane, error) {
	var all []pane
	for line := range strings.Lines(text) {
		var p pane
		var mode, off string
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "%s %s %d %s %s", &p.id, &p.tty, &p.server, &mode, &off); err != nil {
			return nil, fmt.Errorf("tmux lists a pane as %q: %w", strings.TrimSpace(line), err)
		}
		p.inMode, p.off = mode != "0", off != "0"
		all = append(all, p)
	}
	return all, nil
}

// hexKeys is data as tmux send-keys -H takes it: bytes that go as they are.
func hexKeys(data []byte) []string {
	args := make([]string, len(data))
	for i, c := range data {
		args[i] = fmt.Sprintf("%02x", c)
	}
	return args
}

// octal is data as screen's stuff takes it, where ^ and \ mean something and $ begins
// a variable. What is no letter and no digit is an octal number.
func octal(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// parseEnviron reads /proc/<pid>/environ. Of a name that is there twice the first
// counts, as for getenv.
func parseEnviron(data []byte) map[string]string {
	env := map[string]string{}
	for kv := range strings.SplitSeq(string(data), "\x00") {
		name, value, ok := strings.Cut(kv, "=")
		if _, twice := env[name]; ok && !twice {
			env[name] = value
		}
	}
	return env
}
