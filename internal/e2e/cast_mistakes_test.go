//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Mistakes are told in a sentence, with status 2, before anything has happened.
func TestCastMistakes(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newWorld(t)
	w.write("s.cast", scenes)
	w.write("empty.cast", "")
	w.write("no.cast", "no recording\n")
	w.write("header.cast", "{\"version\": 9}\n")
	w.write("bad.cast", "{\"version\": 2, \"width\": 80, \"height\": 24}\ngarbage\n[1, \"o\", \"a\"]\n")
	w.must("run", "--name", "pipes", "-q", "--", "true")
	if err := os.Symlink("s.cast", w.path("link.cast")); err != nil {
		t.Fatal(err)
	}
	w.write("ts", "Script started on 2026-11-23 01:29:12+00:00 [COMMAND=\"true\" <not executed on terminal>]\nx\n")
	before := w.files()
	for args, says := range map[string]string{
		"info":                                          "takes FILE",
		"info absent.cast":                              "no such file",
		"info absent":                                   "no run has this",
		"info .":                                        "folder",
		"info empty.cast":                               "empty",
		"info no.cast":                                  "no recording",
		"info header.cast":                              "version",
		"info pipes":                                    "sluice run --pty",
		"info s.cast --from-format v9":                  "v1, v2",
		"convert s.cast --to avi":                       "gif, html",
		"convert s.cast --to script":                    "-o FILE",
		"convert s.cast --to png":                       "-o FOLDER",
		"convert s.cast a.gif -o b.gif":                 "one too many",
		"convert s.cast s.cast":                         "--overwrite",
		"convert s.cast link.cast --overwrite":          "symbolic link",
		"convert link.cast -w":                          "no regular file",
		"convert s.cast absent/x.cast":                  "no such file",
		"convert s.cast absent/x.svg":                   "no such file",
		"convert s.cast -w --to svg":                    "another file",
		"convert s.cast s.cast --to svg --overwrite":    "another file",
		"convert s.cast link.cast --to txt --overwrite": "another file",
		"convert s.cast x.cast --theme nord":            "pictures",
		"convert s.cast x.svg --theme absent":           "dracula",
		"convert s.cast x.svg --from 5 --until 2":       "--until",
		"convert s.cast x.svg --speed 0":                "--speed",
		"convert s.cast x.gif --fps 1000":               "--fps",
		"convert s.cast x.gif --fps 0":                  "--fps",
		"convert s.cast x.gif --scale 0":                "--scale",
		"convert s.cast x.gif --until 0":                "--until",
		"convert s.cast x.gif --from 1:00:00":           "long",
		"convert s.cast x.html --from 1:00:00":          "long",
		"convert s.cast x.png --from 1:00:00":           "long",
		"convert s.cast x.txt --from 1":                 "sluice cast screen",
		"convert s.cast x.txt --without input":          "--without",
		"convert s.cast x.gif --font absent.ttf":        "--font",
		"convert s.cast --keep input --without exit":    "exclude",
		"convert s.cast --without noise":                "markers",
		"convert s.cast --no-such-flag":                 "--no-such-flag",
		"cut s.cast":                                    "--remove",
		"cut s.cast --remove 5-1":                       "ends before it begins",
		"cut s.cast --remove now":                       "FROM-UNTIL",
		"cut s.cast -w --only 1:00:00-":                 "long",
		"retime s.cast":                                 "--speed",
		"retime s.cast --speed 0":                       "--speed",
		"retime s.cast --speed Inf":                     "--speed",
		"retime s.cast --speed 1e-9":                    "--speed",
		"retime s.cast --total 0":                       "--total",
		"retime s.cast --idle-limit 0":                  "--idle-limit",
		"retime s.cast --speed 2 --from 9 --until 3":    "--until",
		"retime s.cast --from 9":                        "--speed",
		"retime s.cast --speed 2 -w -o x.cast":          "exclude",
		"retime - --speed 2 -w":                         "in place",
		"cut s.cast --only 0-1 -o x.cast.gz":            "--to",
		"convert s.cast x.mp4":                          "makes no mp4",
		"join s.cast":                                   "at least 2",
		"join s.cast absent.cast":                       "no such file",
		"join s.cast s.cast --reset some":               "modes",
		"redact s.cast":                                 "RULE",
		"redact s.cast (":                               "regular expression",
		"mark s.cast":                                   "--at",
		"mark s.cast --at soon=x":                       "12.5",
		"mark s.cast -w --at 1:00:00":                   "--at: 1:00:00 is behind the end",
		"mark s.cast -o x.cast --at 1:00:00":            "--at: 1:00:00 is behind the end",
		"mark - -o x.cast --at 1:00:00":                 "--at: 1:00:00 is behind the end",
		"mark s.cast -o x.script --at 1:00:00":          "--at: 1:00:00 is behind the end",
		"mark s.cast --matches (":                       "--matches",
		"grep ( s.cast":                                 "missing closing",
		"grep x":                                        "FILE",
		"grep x s.cast --hold 0":                        "--hold",
		"screen s.cast --at -1":                         "--at",
		"screen s.cast --text --json":                   "one form",
		"repair absent.cast":                            "no such file",
		"repair empty.cast":                             "empty",
		"repair .":                                      "no regular file",
		"frobnicate":                                    "no command",
	} {
		r := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader(scenes) }, append([]string{"cast"}, strings.Fields(args)...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice cast %s: %+v", args, r)
		}
	}
	// What could not be read is not said to be of a wrong format.
	if r := w.run("cast", "info", "ts", "--timing", "absent"); r.status != 2 || !strings.Contains(r.stderr, "no such file") || strings.Contains(r.stderr, "--from-format") {
		t.Errorf("no timing file: %+v", r)
	}
	for args, says := range map[string]string{
		"-":                           "./-",
		"x.gif -- true":               "sluice cast convert",
		"x.mp4 -- true":               "--format",
		"s.cast -- true":              "--overwrite",
		"link.cast --overwrite":       "symbolic link",
		"absent/x.cast -- true":       "no such file",
		"x.cast true":                 "-- true",
		"x.cast --":                   "no command",
		"x.cast --command=":           "--command",
		"x.cast --format avi -- true": "v1, v2",
		"--append -- true":            "no FILE",
		"x.cast --size 0x0 -- true":   "--size",
		"x.cast --on-full panic":      "--on-full",
		"x.cast --input --no-input":   "exclude",
		"x.cast --pause-key Hyper+":   "--pause-key",
		"x.cast --redact ( -- true":   "--redact",
		"--redact x -- true":          "FILE",
		"-a bad.cast -- true":         "line 2",
		"-a s.cast -f v3 -- true":     "append in its format",
	} {
		r := w.run(append([]string{"rec", "--headless"}, strings.Fields(args)...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice rec %s: %+v", args, r)
		}
	}
	if r := w.run("rec", "", "--headless", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "FILE is empty") {
		t.Errorf("a file without a name: %+v", r)
	}
	if after := w.files(); after != before {
		t.Errorf("the files were\n%s\nand are\n%s", before, after)
	}
}

// files are the names and sizes of the world's files, but its runs'.
func (w *world) files() string {
	var b strings.Builder
	all, _ := filepath.Glob(w.path("*"))
	hidden, _ := filepath.Glob(w.path(".*"))
	for _, name := range append(all, hidden...) {
		if st, err := os.Lstat(name); err == nil && !st.IsDir() {
			fmt.Fprintln(&b, name, st.Size(), st.ModTime())
		}
	}
	return b.String()
}
