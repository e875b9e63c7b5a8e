package torchargs

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
	"github.com/spf13/pflag"
)

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"t.py", "--nproc-per-node=4 t.py a", "-mr3 x", "-r=0:1,1:2 x", "-- --x", "x -- y", "--max-restarts -1 t", "--n 3 t", "-dn4 t",
		"--standalone --rdzv-conf a=1,b=2 t", "--nnodes 1:2 --node-rank 1 --master-port 3 t", "--log-line-prefix-template ${rank}{ t",
		"--signals-to-handle X, t", "--rdzv-backend c10d --rdzv-endpoint [::1]:3 t", "-d=x t", "--grace=", "-", "--=", "-=", "-\xff t",
		"--monitor-interval 1e300 t", "--duplicate-stdout-filters ,,,, t", "--local-ranks-filter 0,1 t", "-h",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\x00"), "")
	}
	f.Add("t.py", "PET_STANDALONE=1\x00PET_NNODES=")
	f.Fuzz(func(t *testing.T, line, env string) {
		args := strings.Split(line, "\x00")
		a, err := Parse(args, environ(strings.Split(env, "\x00")...), newRunFlags().FlagSet)
		if err != nil {
			var usage *UsageError
			if !errors.As(err, &usage) && !errors.Is(err, pflag.ErrHelp) || err.Error() == "" {
				t.Fatalf("%q: %v", args, err)
			}
			return
		}
		r := a.Rendezvous()
		if a.Script == "" || r.Host == "" || r.Port < 0 || r.Port > 65535 || r.MinNodes < 1 || r.MaxNodes < r.MinNodes || r.RunID == "" {
			t.Fatalf("%q gives %+v, %+v", args, a, r)
		}
		if a.ShutdownTimeout < 0 || a.ExitBarrierTimeout < 0 || a.MonitorInterval < 0 || a.MaxRestarts < 0 || (a.NprocPerNode.Count < 1) == (a.NprocPerNode.Device == "") {
			t.Fatalf("%q gives %+v", args, a)
		}
		// The script and what follows are the end of the line, untouched.
		tail := args[len(args)-len(a.ScriptArgs):]
		for i, arg := range a.ScriptArgs {
			if tail[i] != arg {
				t.Fatalf("%q gives the arguments %q", args, a.ScriptArgs)
			}
		}
	})
}

func FuzzExpandMacros(f *testing.F) {
	for text := range macroCases() {
		f.Add(text)
	}
	// Python's own pattern, without the alternative that leaves things alone.
	pattern := regexp.MustCompile(`\$(?:\$|[_a-zA-Z][_a-zA-Z0-9]*|\{[_a-zA-Z][_a-zA-Z0-9]*\})`)
	f.Fuzz(func(t *testing.T, s string) {
		want := pattern.ReplaceAllStringFunc(s, func(m string) string {
			switch m {
			case "$$":
				return "$"
			case "$local_rank", "${local_rank}":
				return "7"
			}
			return m
		})
		if got := job.ExpandMacros(s, 7); got != want {
			t.Fatalf("%q: got %q, want %q", s, got, want)
		}
	})
}

func FuzzRdzvConf(f *testing.F) {
	for _, s := range []string{"", " ", "a=1", "a=1,b=2=3", "=1", "a=", "a", "a=1,", " a = 1 , b = 2 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		conf, err := setting{opt: &option{name: "rdzv-conf"}, text: s}.conf()
		if err != nil {
			return
		}
		var items []string
		for k, v := range conf {
			if k == "" || v == "" || strings.ContainsAny(k, "=,") || strings.Contains(v, ",") {
				t.Fatalf("%q gives %q=%q", s, k, v)
			}
			items = append(items, k+"="+v)
		}
		again, err := setting{opt: &option{name: "rdzv-conf"}, text: strings.Join(items, ",")}.conf()
		if err != nil || len(again) != len(conf) {
			t.Fatalf("%q gives %q, which reads as %q (%v)", s, conf, again, err)
		}
		for k, v := range conf {
			if again[k] != v {
				t.Fatalf("%q gives %q, which reads as %q", s, conf, again)
			}
		}
	})
}

func FuzzEndpoint(f *testing.F) {
	for text := range endpointCases() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := parseEndpoint(s, 7)
		if err != nil {
			return
		}
		if host == "" || port < 0 || port > 65535 {
			t.Fatalf("%q gives %q, %d", s, host, port)
		}
		again, port2, err := parseEndpoint(Rendezvous{Host: host, Port: port}.Endpoint(), 8)
		if err != nil || again != host || port2 != port {
			t.Fatalf("%q gives %q, %d, which reads as %q, %d (%v)", s, host, port, again, port2, err)
		}
	})
}
