package job

import (
	"fmt"
	"testing"
)

// roundTrip is the property of every small grammar: what it reads, it writes as
// something that it reads as the same.
func roundTrip[T comparable](t *testing.T, text string, parse func(string) (T, error), write func(T) string) {
	t.Helper()
	v, err := parse(text)
	if err != nil {
		return
	}
	back, err := parse(write(v))
	if err != nil || back != v {
		t.Fatalf("%q is %v, written %q, which reads as %v (%v)", text, v, write(v), back, err)
	}
}

func FuzzSignal(f *testing.F) {
	for _, s := range []string{"TERM", "sigrtmin+3", "RTMAX-30", "64", "RTMIN+-3", "SIGSIG9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { roundTrip(t, s, ParseSignal, Signal.String) })
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"1m30s", "2d12h", "0.5", "forever", "1.2.3s", "9223372036s", "106751d23h47m16.854775807s", ".5s", "5.s", "µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parse := func(s string) (Duration, error) {
			d, err := ParseDuration(s)
			return Duration(d), err
		}
		roundTrip(t, s, parse, Duration.String)
		if d, err := ParseDuration(s); err == nil && d < 0 && d != Forever.Std() {
			t.Fatalf("%q overflowed to %d", s, d)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"4096", "1.5GiB", "8E", "7.99E", "1e5", "0x10", "1/3", "1_000", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		roundTrip(t, s, ParseSize, FormatSize)
		if n, err := ParseSize(s); err == nil && n < 0 {
			t.Fatalf("%q is %d", s, n)
		}
	})
}

func FuzzFailurePolicy(f *testing.F) {
	for _, s := range []string{"stop", "stop-when=3", "stop-when=100%", "stop-when=0%", "continue=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { roundTrip(t, s, ParseFailurePolicy, FailurePolicy.String) })
}

func FuzzRlimit(f *testing.F) {
	for _, s := range []string{"nofile=1024:4096", "core=unlimited", "as=1.5G", "cpu=1:0", "=", "nofile=18446744073709551615"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { roundTrip(t, s, ParseRlimit, Rlimit.String) })
}

func FuzzStdin(f *testing.F) {
	for _, s := range []string{"none", "12", "fifo:/tmp/in@3", "fifo:a@b", "fifo:@", "fifo:a@1@0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { roundTrip(t, s, ParseStdin, Stdin.String) })
}

func FuzzDialects(f *testing.F) {
	for _, s := range []string{"torch,ompi", "none", "none,pmi", ",", " slurm , torch"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parse := func(s string) (string, error) {
			d, err := ParseDialects(s)
			return Dialects(d).String(), err
		}
		roundTrip(t, s, parse, func(s string) string { return s })
	})
}

func FuzzRunName(f *testing.F) {
	for _, s := range []string{"/usr/bin/python3", "my prog.sh", "-rf", "...", "café", "a/", "日本", "x\x00y", `C:\bin\tool.exe`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := (&Spec{Command: []string{s}}).RunName()
		if name == "" || len(name) > 32 || name[0] == '-' || name[0] == '.' {
			t.Fatalf("%q gives the name %q", s, name)
		}
		for i := range len(name) {
			c := name[i]
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '_' && c != '-' {
				t.Fatalf("%q gives the name %q", s, name)
			}
		}
		if err := (&Spec{Command: []string{"x"}, Name: name}).Validate(); err != nil {
			t.Fatalf("the name %q made of %q is not valid: %v", name, s, err)
		}
	})
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"4", "2:4", "", ":", "0", "4:2", "1:1:1", "-1:3", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		low, high, ok := ParseSpan(s)
		if !ok {
			return
		}
		if low < 1 || high < low {
			t.Fatalf("%q is %d to %d", s, low, high)
		}
		if l, h, ok := ParseSpan(fmt.Sprintf("%d:%d", low, high)); !ok || l != low || h != high {
			t.Fatalf("%q is %d to %d, and that is %d to %d (%v)", s, low, high, l, h, ok)
		}
	})
}
