package torchargs

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

func TestDefaults(t *testing.T) {
	a := parse(t, nil, "t.py")
	want := &Args{
		MinNodes: 1, MaxNodes: 1, NprocPerNode: Nproc{Count: 1}, Role: "default", StartMethod: "spawn",
		Redirects: job.EveryRank(job.None), Tee: job.EveryRank(job.None), EventLogHandler: "null",
		MonitorInterval: 100 * time.Millisecond, Signals: []job.Signal{job.SIGTERM, job.SIGINT, job.SIGHUP, job.SIGQUIT},
		ShutdownTimeout: 30 * time.Second, RdzvBackend: "static", RdzvID: "none", RdzvConf: map[string]string{},
		MasterAddr: "127.0.0.1", MasterPort: -1, LogLinePrefix: a.LogLinePrefix, ExitBarrierTimeout: 300 * time.Second,
		Script: "t.py", ScriptArgs: []string{}, Given: map[string]bool{}, rendezvous: a.rendezvous,
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if s := a.LogLinePrefix.String(); s != "[{role}{local_rank}]:" {
		t.Errorf("prefix %q", s)
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		env, line string
		get       func(a *Args) any
		want      any
	}{
		{"", "--nnodes 2", func(a *Args) any { return []int{a.MinNodes, a.MaxNodes} }, []int{2, 2}},
		{"", "--nnodes 2:20", func(a *Args) any { return []int{a.MinNodes, a.MaxNodes} }, []int{2, 20}},
		{"", "--nproc-per-node auto", func(a *Args) any { return a.NprocPerNode.String() }, "auto"},
		{"", "--nproc-per-node +1_6", func(a *Args) any { return a.NprocPerNode.String() }, "16"},
		{"", "--max-restarts 007", func(a *Args) any { return a.MaxRestarts }, 7},
		{"", "--monitor-interval 1e1", func(a *Args) any { return a.MonitorInterval }, 10 * time.Second},
		{"", "--shutdown-timeout 0", func(a *Args) any { return a.ShutdownTimeout }, time.Duration(0)},
		{"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=600", "", func(a *Args) any { return a.ShutdownTimeout }, 600 * time.Second},
		{"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=600", "--shutdown-timeout 120", func(a *Args) any { return a.ShutdownTimeout }, 120 * time.Second},
		{"TORCH_ELASTIC_SHUTDOWN_TIMEOUT=600,PET_SHUTDOWN_TIMEOUT=7", "", func(a *Args) any { return a.ShutdownTimeout }, 7 * time.Second},
		{"TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT=1.5", "", func(a *Args) any { return a.ExitBarrierTimeout }, 1500 * time.Millisecond},
		{"TORCH_ELASTIC_EXIT_BARRIER_TIMEOUT=1.5", "--exit-barrier-timeout 0", func(a *Args) any { return a.ExitBarrierTimeout }, time.Duration(0)},
		{"", "--local-ranks-filter 0,2,-1", func(a *Args) any { return a.LocalRanksFilter.Members(5) }, []int{0, 2}},
		{"", "--local-ranks-filter=", func(a *Args) any { return a.LocalRanksFilter.IsZero() }, true},
		{"", "--ranks-filter %4+1", func(a *Args) any { return a.RanksFilter.Members(8) }, []int{1, 5}},
		{"", "--duplicate-stdout-filters loss,a,,b,,,c", func(a *Args) any { return a.DuplicateStdoutFilters }, []string{"loss", "a,b,", "c"}},
		{"", "--duplicate_stderr_filters ,,", func(a *Args) any { return a.DuplicateStderrFilters }, []string{","}},
		{"", "--logs-specs default", func(a *Args) any { return a.LogsSpecs }, "default"},
		{"", "--numa-binding core-complex", func(a *Args) any { return a.NumaBinding }, "core-complex"},
		{"", "--signals-to-handle SIGUSR1,SIGTERM,SIGUSR1", func(a *Args) any { return a.Signals }, []job.Signal{job.SIGUSR1, job.SIGTERM}},
		{"", "--forward-signals USR1,USR2", func(a *Args) any { return a.ForwardSignals }, []job.Signal{job.SIGUSR1, job.SIGUSR2}},
		{"", "--signals-to-handle SIGINT --forward-signals TERM", func(a *Args) any { return a.ForwardSignals }, []job.Signal{job.SIGTERM}},
		{"", "--rdzv-conf a=1,,b", nil, nil},
		{"", "--rdzv-conf a=1,b=x=y,a=2", func(a *Args) any { return a.RdzvConf }, map[string]string{"a": "2", "b": "x=y"}},
		{"TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE=[rank${rank}]: ", "", func(a *Args) any { return a.LogLinePrefix.String() }, "[rank{rank}]: "},
		{"TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE=", "", func(a *Args) any { return a.LogLinePrefix.String() }, "[{role}{local_rank}]:"},
		{"TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE=x", "--log-line-prefix-template=[${role_name}-${local_rank}:${rank}]:",
			func(a *Args) any { return a.LogLinePrefix.String() }, "[{role}-{local_rank}:{rank}]:"},
		{"", "--log-line-prefix-template={$host}$$", func(a *Args) any { return a.LogLinePrefix.String() }, "{{$host}}$"},
	} {
		args := append(strings.Fields(c.line), "t.py")
		if c.want == nil {
			_, err := Parse(args, environ(), nil)
			refuse(t, err, "a key is missing")
			continue
		}
		if got := c.get(parse(t, strings.Split(c.env, ","), args...)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: got %v, want %v", c.env, c.line, got, c.want)
		}
	}
}

func TestSignalWarnings(t *testing.T) {
	a := parse(t, nil, "--signals-to-handle", "SIGTERM,SIGNOPE,SIGKILL,", "t.py")
	if len(a.Signals) != 1 || len(a.Warnings) != 3 {
		t.Errorf("signals %v, warnings %q", a.Signals, a.Warnings)
	}
}

func stdCases() map[string]string {
	return map[string]string{
		"0": "none", "1": "out", "2": "err", "3": "all", "0:1": "0:out", "0:1,1:1": "0-1:out",
		"0:3,1:0,2:1,3:2": "0:all,1:none,2:out,3:err", "1:1,1:2": "1:out,1:err", "9:3": "9:all",
		"0:1,": "", "11": "", "0:1,1": "", "1,0:1": "", "": "", "4": "", "0:4": "", " 1": "", "0:1, 1:1": "",
		"all": "", "-1": "", "0:1:2": "", ",0:1": "", "0-1:3": "", "%2:1": "",
	}
}

func TestStd(t *testing.T) {
	for text, want := range stdCases() {
		spec, ok := parseStd(text)
		if ok != (want != "") || spec.String() != want {
			t.Errorf("%q: got %q, %v", text, spec, ok)
		}
	}
	// torchrun itself refuses these.
	if spec, ok := parseStd("9:1,10:3,31:2"); !ok || spec.For(10) != job.All || spec.For(31) != job.Err || spec.For(1) != job.None {
		t.Errorf("ranks of two digits: %q, %v", spec, ok)
	}
	if spec, _ := parseStd("1:1,1:2"); spec.For(1) != job.Err || spec.For(0) != job.None {
		t.Error("the last one decides, others get none")
	}
}
