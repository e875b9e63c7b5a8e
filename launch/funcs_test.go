package launch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/report"
)

func TestFunctionsReturnValues(t *testing.T) {
	clean(t)
	res, err := launch.Run(soon(t), job.Spec{Func: "square", FuncArg: json.RawMessage("10"), Workers: 3})
	if err != nil || res.Status != 0 || len(res.Values) != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	for rank, want := range []string{`{"rank":0,"value":100}`, `{"rank":1,"value":121}`, `{"rank":2,"value":144}`} {
		if string(res.Values[rank]) != want {
			t.Errorf("rank %d returned %s", rank, res.Values[rank])
		}
	}
}

// What a function fails with is the run's explanation.
func TestFunctionsFail(t *testing.T) {
	clean(t)
	for name, want := range map[string]string{"error": "the reason why", "panic": "panic: out of cheese", "goexit": "ended its goroutine", "unstorable": "cannot be stored"} {
		res, err := launch.Run(soon(t), job.Spec{Func: name, Workers: 2})
		if err != nil || res.Verdict != job.Failed || res.Status != 1 {
			t.Fatalf("%s: %+v, %v", name, res, err)
		}
		f := res.FirstFailure()
		e, err := report.ReadErrorFile(f.ErrorFile)
		if err != nil || !strings.Contains(e.Message, want) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if name == "panic" && !strings.Contains(e.Callstack, "launch_test.TestMain") {
			t.Errorf("the stack does not show where: %s", e.Callstack)
		}
		if !strings.Contains(readLog(t, res, f.Rank, "stderr.log"), want) {
			t.Errorf("%s: stderr lacks %q", name, want)
		}
		if res.Values[f.Rank] != nil {
			t.Errorf("%s: a value %s", name, res.Values[f.Rank])
		}
	}
}

// What makes a process a worker is not handed on to the function's children.
func TestFunctionsSeeNoPlumbing(t *testing.T) {
	clean(t)
	res, err := launch.Run(soon(t), job.Spec{Func: "environment"})
	if err != nil || res.Status != 0 || string(res.Values[0]) != "null" {
		t.Fatalf("%+v, %v", res, err)
	}
}

// Checklist 73: what a function returns may be larger than any pipe.
func TestLargeValue(t *testing.T) {
	clean(t)
	res, err := launch.Run(soon(t), job.Spec{Func: "large", Workers: 2})
	if err != nil || res.Verdict != job.Succeeded || len(res.Values) != 2 {
		t.Fatalf("%v, %v", res.Verdict, err)
	}
	for rank, v := range res.Values {
		if len(v) != 8<<20+2 {
			t.Errorf("the value of rank %d has %d bytes", rank, len(v))
		}
	}
}
