package scheduler

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// hostlists are expressions with what they stand for, "" if they are refused.
var hostlists = map[string]string{
	"a":                   "a",
	"a,b":                 "a b",
	"a[01-03,7],b":        "a01 a02 a03 a7 b",
	"n[1-2]x[01-02]":      "n1x01 n1x02 n2x01 n2x02",
	"a[08-11]":            "a08 a09 a10 a11",
	"a[9-011]":            "a9 a10 a11",
	"a[0001-0002]":        "a0001 a0002",
	"a[1,1]":              "a1 a1",
	"a[1-2],b-[3]":        "a1 a2 b-3",
	"[1-2]":               "1 2",
	",a,,b,":              "a b",
	"gpu-node[3]":         "gpu-node3",
	"node.example.org":    "node.example.org",
	"a[3-1]":              "",
	"a[]":                 "",
	"a[x]":                "",
	"a[1--2]":             "",
	"a[1-2,]":             "",
	"a[99999999999999-1]": "",
}

func TestHostlist(t *testing.T) {
	for s, want := range hostlists {
		got, err := parseHostlist(s)
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, not %q", s, got, err, want)
		}
	}
	// What scontrol takes for names, or knows nothing of.
	for _, s := range []string{"", ",", "a[1-]", "a[1-2", "a]", "a[[1]]", "a[1-200000]", "a[1-1000][1-1000]", "a[0-131071],b", "a[9999999999999999999]"} {
		if got, err := parseHostlist(s); err == nil {
			t.Errorf("%q: %d names", s, len(got))
		}
	}
}

// scontrol needs a configuration, though it asks nobody.
func TestHostlistAsScontrol(t *testing.T) {
	scontrol := testpeer.Need(t, "scontrol", "slurm-wlm")
	for s := range hostlists {
		ours, err := parseHostlist(s)
		cmd := exec.Command(scontrol, "show", "hostnames", s)
		cmd.Env = append(cmd.Environ(), "SLURM_CONF="+minimalConf(t))
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, _ := cmd.Output() // its status is 0 either way
		theirs := strings.Fields(string(out))
		if refused := strings.Contains(stderr.String()+string(out), "Invalid hostlist"); refused != (err != nil) {
			t.Errorf("%q: scontrol says %q %q; we: %v", s, out, stderr.String(), err)
		} else if !refused && strings.Join(ours, " ") != strings.Join(theirs, " ") {
			t.Errorf("%q: scontrol says %q, we %q", s, theirs, ours)
		}
	}
}

func FuzzHostlist(f *testing.F) {
	for s := range hostlists {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseHostlist(s)
		if (err == nil) != (len(got) > 0) || len(got) > maxNodes {
			t.Fatalf("%q: %d names, %v", s, len(got), err)
		}
		for _, name := range got {
			if name == "" || strings.ContainsAny(name, "[],") {
				t.Fatalf("%q: the name %q", s, name)
			}
		}
	})
}

func FuzzRepeats(f *testing.F) {
	f.Add("2(x3),1")
	f.Add("1(x")
	f.Add("1(x99999999999)")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseRepeats(s)
		if (err == nil) != (len(got) > 0) || len(got) > maxNodes {
			t.Fatalf("%q: %d counts, %v", s, len(got), err)
		}
	})
}
