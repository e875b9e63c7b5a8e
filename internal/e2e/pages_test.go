//go:build linux

package e2e

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// pages are the blocks of the documentation whose commands are run here, by the
// beginnings of their first commands. Others need a person, a network, programs that
// may not be there, or show what is different each time.
var pages = map[string][]string{
	"README.md": {
		"sluice run -n 4 -- sh -c 'echo \"hello", "sluice run -n 4 --console 0,2", "sluice run -n 4 --redirect 1-3", "sluice run --pty -d --name repl",
	},
	"docs/run.md":     {"cat > app.env", "sluice run --nice 5"},
	"docs/streams.md": {"sluice run -n 2 --redirect err", "sluice run --redirect 0:al", "sluice run -n 3 --prefix", "sluice run -n 2 -- sh -c 'for i"},
	"docs/stdin.md":   {"printf"},
	"docs/failures.md": {
		"sluice run -n 2 ./script", "sluice run -n 2 --timeout 1s",
	},
	"docs/terminals.md": {
		"sluice run --pty -- sh -c 'exit 7'", "sluice run --pty -d -n 3 --name trio", "sluice run --pty -n 2", "sluice run --pty -d --name loud",
		"sluice run --pty -d --name repl", "head -c 5000", "echo swordfish | sluice type loud", "sluice run --pty -d --name login",
		"sluice run --pty --stderr split",
	},
	"docs/recordings.md": {
		"cat build.sh", "sluice rec -q z.cast", "sluice play build.cast --speed max | grep", "sluice cast info build.cast",
		"sluice cast grep 'tests from'", "sluice cast screen build.cast --at 5", "sluice cast retime", "sluice cast mark",
		"sluice cast convert build.cast build.svg", "sluice cast redact", "head -c -9 build.cast", "sed '4i garbage'",
	},
	"docs/recordings-formats.md": {"sluice rec z.cast"},
	"docs/expect.md":             {"PASSWORD=swordfish", "sluice expect bad.sluice", "sluice expect ask.sluice", "sluice expect demo.tape --dry-run", "sluice expect v.tape"},
	"docs/keymaps.md":            {"sluice run --pty --keymap bad.keys"},
	"docs/many-machines.md":      {"sluice certs certs"},
	"docs/torchrun.md":           {"torchrun --nproc 2 -t3", "torchrun --max-restarts 3", "torchrun --nproc-per-node 12", "torchrun --rdzv-backend c10d"},
}

// notShown are files that the commands read and the pages do not show.
var notShown = map[string]string{
	"script":  "#!/usr/bin/nopython\n",
	"v.tape":  "Output x.mp4\nSet Theme \"Dracula\"\nSet Framerate 30\nType \"x\"\n",
	"port.sh": "echo \"attempt $TORCHELASTIC_RESTART_COUNT meets at $MASTER_ADDR:$MASTER_PORT\"; [ $TORCHELASTIC_RESTART_COUNT = 2 ] || exit 7\n",
}

// What the pages show is what the program says.
func TestPages(t *testing.T) {
	for program, pkg := range map[string]string{"bash": "bash", "python3": "python3", "xxd": "xxd"} {
		testpeer.Need(t, program, pkg)
	}
	for page, blocks := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.endRuns()
			text := w.furnish(page)
			for _, begin := range blocks {
				for _, s := range steps(t, text, begin) {
					if name, ok := strings.CutPrefix(s.command, "cat "); ok && filepath.Ext(name) == ".sh" {
						w.write(name, s.shown) // the page is where it comes from
					}
					got := w.typed(s.command)
					if !slices.Equal(masked(s.shown), masked(strings.ReplaceAll(got, w.dir, "/home/ada"))) {
						t.Errorf("%s: $ %s\n--- the page:\n%s--- the program:\n%s", page, s.command, s.shown, got)
					}
				}
			}
		})
	}
}

// furnish writes what the commands of a page read, and returns the page.
func (w *world) furnish(page string) (text string) {
	w.t.Helper()
	all := maps.Clone(notShown)
	for _, p := range []string{"docs/terminals.md", page} {
		b, err := os.ReadFile(filepath.Join("..", "..", p))
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(b)
		for _, m := range namedBlock.FindAllStringSubmatch(text, -1) {
			all[m[2]] = m[1]
		}
	}
	if text, ok := all["login.sluice"]; ok {
		all["bad.sluice"] = strings.Replace(text, "press", "pres", 1)
	}
	if text, ok := all["vi.keys"]; ok {
		all["bad.keys"] = strings.Replace(text, "Delete", "Delet", 1)
	}
	for name, text := range all {
		w.write(name, text)
	}
	os.Chmod(w.path("script"), 0o700)
	os.Mkdir(w.path(".local"), 0o700)
	os.Symlink(w.path("state"), w.path(".local/state"))
	os.Symlink(sluice, w.path("sluice"))
	os.Symlink(sluice, w.path("torchrun"))
	return text
}

// namedBlock is a block that shows a file: its first line is a comment with the name.
var namedBlock = regexp.MustCompile("(?ms)^```\\w*\n(# ([\\w.]+\\.[a-z]+)\\b.*?)^```")

// typed is what a command of a page writes.
func (w *world) typed(command string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Dir, cmd.WaitDelay = w.dir, time.Second
	cmd.Env = append(slices.Clip(w.env), "HOME="+w.dir, "PATH="+w.dir+":"+os.Getenv("PATH"), "NO_COLOR=1", "OMP_NUM_THREADS=1", "SHELL=/bin/bash", "TERM=dumb")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		w.t.Fatalf("$ %s hung (%v)\n%s", command, err, out)
	}
	return string(out)
}

// step is one command of a page, and what is shown below it.
type step struct{ command, shown string }

// steps are those of the block whose first command begins so.
func steps(t *testing.T, text, begin string) (all []step) {
	t.Helper()
	at := regexp.MustCompile("(?m)^ *```(?:console)?\n( *\\$ " + regexp.QuoteMeta(begin) + ")").FindStringSubmatchIndex(text)
	if at == nil {
		t.Fatalf("no block begins with $ %s", begin)
	}
	block, _, _ := strings.Cut(text[at[2]:], "```")
	indent := block[:strings.Index(block, "$")]
	document := "" // the end of a here-document that the lines are of
	for line := range strings.Lines(strings.TrimSuffix(block, indent)) {
		line = strings.TrimPrefix(line, indent)
		last := len(all) - 1
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case document != "":
			all[last].command += line
			if strings.TrimSpace(line) == document {
				document = ""
			}
		case ok:
			all = append(all, step{command: strings.TrimSpace(command)})
			if _, word, ok := strings.Cut(line, "<<"); ok {
				document = strings.TrimSpace(word)
				all[last+1].command += "\n"
			}
		default:
			all[last].shown += line
		}
	}
	return all
}

// masked are the lines of an output in order, without what is different each time.
func masked(text string) []string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.as)
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	slices.Sort(lines)
	return lines
}

var masks = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\r`), ""},
	{regexp.MustCompile(`(pid|127\.0\.0\.1:|"timestamp":) ?\d+`), "$1N"},
	{regexp.MustCompile(`\b([a-z]\w*)-[a-z0-9]{6}\b`), "$1-ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?`), "WHEN"},
	{regexp.MustCompile(`\b\d+:\d\d(\.\d+)?\b`), "CLOCK"},
	{regexp.MustCompile(`\b\d+\.\d+\b`), "TIME"},
	{regexp.MustCompile(`\b\d+ bytes taken out`), "N bytes taken out"}, // times are long and short
	{regexp.MustCompile(`(running +)\d+ +\d+ms`), "${1}PID"},
	{regexp.MustCompile(` +`), " "},
}
