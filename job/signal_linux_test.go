package job

import "testing"

func TestRealtimeSignals(t *testing.T) {
	for text, want := range map[string]Signal{"RTMIN": 34, "sigrtmin+3": 37, "RTMAX": 64, "SIGRTMAX-1": 63, "SIG32": 32, "37": 37} {
		if got, err := ParseSignal(text); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for sig, want := range map[Signal]string{34: "SIGRTMIN", 37: "SIGRTMIN+3", 64: "SIGRTMIN+30", 32: "SIG32", 10: "SIGUSR1", 29: "SIGIO"} {
		if sig.String() != want {
			t.Errorf("signal %d is %q, want %q", int(sig), sig, want)
		}
	}
}
