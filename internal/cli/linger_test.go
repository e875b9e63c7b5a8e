package cli

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// Who types 0 does not get the 10 s that 0 means in a spec.
func TestConsoleLinger(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 10 * time.Second, "0": time.Duration(leastLinger), "0s": time.Duration(leastLinger),
		"1ms": time.Millisecond, "3": 3 * time.Second, "forever": -1} {
		var o runOptions
		flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
		o.addFlags(flags)
		if text != "" {
			if err := flags.Parse([]string{"--console-linger", text}); err != nil {
				t.Fatal(err)
			}
		}
		if got := o.spec.Console.LingerTime(); got != want {
			t.Errorf("%q waits %v, want %v", text, got, want)
		}
	}
}
