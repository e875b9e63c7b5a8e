package torchargs

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// environ makes a getenv of K=V entries.
func environ(entries ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, e := range slices.Backward(entries) {
			if k, v, _ := strings.Cut(e, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

// runFlags are flags as sluice run has them: some with names of torchrun's.
type runFlags struct {
	*pflag.FlagSet
	workers, logDir, name string
	detach, quiet         bool
	redirect, tee         job.StreamSpec
	grace                 job.Duration
	nice                  int
	env                   []string
}

func newRunFlags() *runFlags {
	f := &runFlags{FlagSet: pflag.NewFlagSet("run", pflag.ContinueOnError)}
	f.SortFlags = false
	f.StringVarP(&f.workers, "workers", "n", "", "number of workers")
	f.StringVar(&f.workers, "nproc-per-node", "", "the same")
	f.StringVar(&f.name, "name", "", "`NAME` of the run")
	f.BoolVarP(&f.detach, "detach", "d", false, "go on without the terminal")
	f.BoolVarP(&f.quiet, "quiet", "q", false, "no reports")
	f.StringVar(&f.logDir, "log-dir", "", "`DIR` of logs")
	f.Var(&f.redirect, "redirect", "streams that go to their file only")
	f.VarP(&f.tee, "tee", "t", "streams that go to both")
	f.Var(&f.grace, "grace", "time to SIGKILL")
	f.IntVar(&f.nice, "nice", 0, "`N`")
	f.StringArrayVar(&f.env, "env", nil, "`K=V`")
	f.Bool("json", false, "as JSON")
	return f
}

func parse(t *testing.T, env []string, args ...string) *Args {
	t.Helper()
	a, err := Parse(args, environ(env...), nil)
	if err != nil {
		t.Fatalf("%q with %q: %v", args, env, err)
	}
	return a
}

// refuse expects a *UsageError that has all the words.
func refuse(t *testing.T, err error, words ...string) {
	t.Helper()
	usage, ok := err.(*UsageError)
	if !ok {
		t.Fatalf("got %v (%T), want a usage error with %q", err, err, words)
	}
	for _, w := range words {
		if !strings.Contains(usage.Error(), w) {
			t.Errorf("%q is not in: %v", w, err)
		}
	}
}
