package early

import "testing"

func TestIsRun(t *testing.T) {
	for _, c := range []struct {
		want bool
		args []string
	}{
		{true, []string{"sluice", "run"}},
		{true, []string{"/usr/bin/sluice", "run", "--", "true"}},
		{true, []string{"sluice", "torchrun", "x.py"}},
		{true, []string{"torchrun"}},
		{true, []string{"/opt/torchrun", "x.py"}},
		{false, nil},
		{false, []string{"sluice"}},
		{false, []string{"sluice", "--help", "run"}},
		{false, []string{"sluice", "ps"}},
		{false, []string{"/opt/torchrun/sluice", "ps"}},
		{false, Argv()},
	} {
		if got := IsRun(c.args); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
	if Take() != nil {
		t.Error("a test is no run")
	}
}
