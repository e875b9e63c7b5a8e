package cli

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/torchargs"
	"github.com/sluicerun/sluice/job"
)

// batch are the variables of batch systems that a test must not find.
var batch = []string{"SLURM_", "OMPI_", "PMI_", "PMIX_", "JOB_COMPLETION_INDEX", "JOBSET_", "PET_", "KUBERNETES_", "SLUICE_", "WORLD_SIZE", "RANK", "MASTER_"}

// asTorchrun is the spec that a command line of torchrun means.
func asTorchrun(t *testing.T, env, line string) (job.Spec, []string, error) {
	t.Helper()
	for _, kv := range os.Environ() {
		key, _, _ := strings.Cut(kv, "=")
		for _, prefix := range batch {
			if strings.HasPrefix(key, prefix) {
				t.Setenv(key, "")
				os.Unsetenv(key) // Setenv brings it back
			}
		}
	}
	for _, kv := range strings.Fields(env) {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	var o runOptions
	flags := pflag.NewFlagSet(torchrunName, pflag.ContinueOnError)
	o.addFlags(flags)
	o.nodes.addFlags(flags, false)
	args, err := torchargs.Parse(append(strings.Fields(line), "--no-python", "worker"), os.LookupEnv, flags)
	if err != nil {
		return job.Spec{}, nil, err
	}
	err = o.likeTorchrun(args, flags)
	return o.spec, args.Warnings, err
}

func TestTorchrunNodes(t *testing.T) {
	yes, no := true, false
	barrier := job.Nodes{ExitBarrier: job.Duration(300 * time.Second), ExitBarrierSet: true}
	second := job.Duration(time.Second)
	const lonely = "no --rdzv-endpoint is given: only agents of this machine meet at localhost:29400"
	for _, c := range []struct {
		name, env, line string
		want            func(*job.Nodes) // of barrier
		warns           string
	}{
		{"c10d", "", "--nnodes 2:4 --rdzv-backend c10d --rdzv-endpoint 127.0.0.1 --rdzv-id 7", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID = 2, 4, "127.0.0.1", 29400, "7"
		}, ""},
		{"c10d without an endpoint", "", "--nnodes 2 --rdzv-backend c10d", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID = 2, 2, "localhost", 29400, "none"
		}, lonely},
		{"a span means it", "", "--nnodes 1:2 --master-addr 127.0.0.1", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID = 1, 2, "127.0.0.1", 29500, "none"
		}, ""},
		{"--node-rank", "", "--nnodes 2 --rdzv-backend c10d --node-rank 1 --local-addr 10.0.0.7", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.Rank, n.RankSet, n.LocalAddr = 2, 2, "localhost", 29400, "none", 1, true, "10.0.0.7"
		}, lonely},
		{"--node-rank 0", "", "--nnodes 2 --rdzv-backend c10d --node-rank 0", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.RankSet = 2, 2, "localhost", 29400, "none", true
		}, lonely},
		{"by variables", "PET_NNODES=2:3 PET_RDZV_BACKEND=c10d PET_RDZV_ENDPOINT=localhost:5 PET_RDZV_ID=x PET_RDZV_CONF=close_timeout=7", "", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.CloseTimeout = 2, 3, "localhost", 5, "x", 7*second
		}, ""},
		{"all of --rdzv-conf", "", "--nnodes 2:3 --rdzv-backend c10d --rdzv-conf join_timeout=60,last_call_timeout=2,close_timeout=3,keep_alive_interval=0.5,keep_alive_max_attempt=4,is_host=true,read_timeout=60", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID = 2, 3, "localhost", 29400, "none"
			n.JoinTimeout, n.LastCall, n.LastCallSet, n.CloseTimeout, n.Lease, n.IsHost = 60*second, 2*second, true, 3*second, 2*second, &yes
		}, lonely + "|--rdzv-conf: read_timeout has no effect"},
		{"is_host=0, no last call", "", "--nnodes 2:3 --rdzv-backend c10d --rdzv-conf is_host=0,last_call_timeout=0", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.LastCallSet, n.IsHost = 2, 3, "localhost", 29400, "none", true, &no
		}, lonely},
		{"half of keep alive", "", "--nnodes 2 --rdzv-backend c10d --rdzv-conf keep_alive_interval=2", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.Lease = 2, 2, "localhost", 29400, "none", 6*second
		}, lonely},
		{"--lease goes before", "", "--nnodes 2 --rdzv-backend c10d --rdzv-conf keep_alive_interval=2 --lease 9s --store-grace 1m", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.Lease, n.StoreGrace = 2, 2, "localhost", 29400, "none", 9*second, 60*second
		}, lonely},
		{"servers", "", "--nnodes 2 --rdzv-backend c10d --rdzv-id 7 --rendezvous nats://a,b:5,nats://c", func(n *job.Nodes) {
			n.Min, n.Max, n.RunID, n.Servers = 2, 2, "7", []string{"nats://a", "nats://b:5", "nats://c"}
		}, ""},
		{"insecure", "SLUICE_INSECURE=1", "--nnodes 2 --rdzv-backend c10d --rdzv-endpoint far:1", func(n *job.Nodes) {
			n.Min, n.Max, n.Host, n.Port, n.RunID, n.Insecure = 2, 2, "far", 1, "none", true
		}, ""},
		{"static", "", "--nnodes 2 --node-rank 1 --master-addr far --rdzv-conf keep_alive_interval=2,last_call_timeout=9", func(n *job.Nodes) {
			n.Count, n.Rank, n.Host, n.Port, n.Heartbeat = 2, 1, "far", 29500, 6*second
		}, "last_call_timeout has no effect"},
		{"one machine", "", "--nnodes 1 --rdzv-backend c10d --rdzv-endpoint far:1", nil, ""},
		{"no batch system", "", "--rdzv-backend c10d --rdzv-endpoint far:1", nil, ""},
		{"one machine, whatever Slurm says", srun, "--nnodes 1 --insecure", nil, ""},
		{"standalone, whatever Slurm says", srun, "--standalone --insecure", nil, ""},
		{"Slurm says how many", srun, "--insecure", func(n *job.Nodes) {
			n.Min, n.Max, n.Rank, n.RankSet, n.RunID, n.Host, n.Port, n.Source, n.Insecure = 2, 2, 1, true, "FOUND", "n1", -1, "Slurm", true
		}, ""},
		{"Slurm says how many, not where", srun, "--insecure --rdzv-backend c10d --rdzv-endpoint far:77 --rdzv-id mine", func(n *job.Nodes) {
			n.Min, n.Max, n.Rank, n.RankSet, n.RunID, n.Host, n.Port, n.Source, n.Insecure = 2, 2, 1, true, "mine", "far", 77, "Slurm", true
		}, ""},
		// Two worlds of one node each would seem to work.
		{"Slurm says how many, a static endpoint where", srun, "--insecure --rdzv-endpoint far:77", func(n *job.Nodes) {
			n.Min, n.Max, n.Rank, n.RankSet, n.RunID, n.Host, n.Port, n.Source, n.Insecure = 2, 2, 1, true, "FOUND", "far", 77, "Slurm", true
		}, ""},
		{"one machine at a static endpoint", "", "--master-port 1234", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, warnings, err := asTorchrun(t, c.env, c.line)
			if err != nil {
				t.Fatal(err)
			}
			got, want := s.Nodes, job.Nodes{}
			if c.want != nil {
				want = barrier
				c.want(&want)
			}
			// Those that are found may be any, but alike on all nodes.
			if want.RunID == "FOUND" && strings.Contains(got.RunID, "1234") {
				want.RunID = got.RunID
			}
			if want.Port == -1 && got.Port >= 20000 && got.Port < 30000 {
				want.Port = got.Port
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n%+v, not\n%+v", got, want)
			}
			if all := strings.Join(warnings, "|"); !strings.Contains(all, c.warns) || (c.warns == "") != (all == "") {
				t.Errorf("it warns %q, not %q", all, c.warns)
			}
		})
	}
}

// srun is what a task on the second of two nodes is told.
const srun = "SLURM_JOB_ID=1234 SLURM_STEP_ID=0 SLURM_STEP_NUM_NODES=2 SLURM_JOB_NUM_NODES=2 SLURM_NNODES=2 SLURM_NODEID=1 SLURM_PROCID=1 " +
	"SLURM_STEP_NUM_TASKS=2 SLURM_NTASKS=2 SLURM_STEP_TASKS_PER_NODE=1(x2) SLURM_STEP_NODELIST=n[1-2] SLURM_NODELIST=n[1-2] SLURMD_NODENAME=n2 SLURM_LOCALID=0"

func TestTorchrunNodesRefused(t *testing.T) {
	const c10d = "--nnodes 2 --rdzv-backend c10d --rdzv-endpoint "
	for line, says := range map[string]string{
		c10d + "far:1": "without certificates and token",
		c10d + "localhost --rdzv-conf is_host=maybe":         "is_host=maybe is neither 1 nor 0",
		c10d + "localhost --rdzv-conf join_timeout=0":        "join_timeout=0 is no number above 0",
		c10d + "localhost --rdzv-conf last_call_timeout=-1":  "last_call_timeout=-1 is no number above 0",
		c10d + "localhost --rdzv-conf close_timeout=NaN":     "close_timeout=NaN is no number above 0",
		c10d + "localhost --rdzv-conf keep_alive_interval=x": "keep_alive_interval=x is no number above 0",
		c10d + "localhost --rdzv-conf join_timeout=1e9":      "join_timeout=1e9 is no number above 0",
		c10d + "localhost --rendezvous nats://a,,b":          "a server is missing",
		c10d + "localhost --tls /nowhere":                    "--tls: ",
		c10d + "[::1":                                        "is no host",
		c10d + "nats://a:4222,b":                             "give --rendezvous nats://a:4222,b instead",
	} {
		if s, _, err := asTorchrun(t, "", line); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, not %q; %+v", line, err, says, s.Nodes)
		}
	}
}

func FuzzRdzvNumbers(f *testing.F) {
	for _, s := range []string{"1", "0", "-0", "1e6", "1e-300", "inf", "0x1p3", "1_0", ""} {
		f.Add("last_call_timeout", s)
		f.Add("keep_alive_interval", s)
	}
	f.Add("is_host", "Yes")
	f.Fuzz(func(t *testing.T, key, value string) {
		n := job.Nodes{Min: 1, Max: 2}
		if rdzvConf(&torchargs.Args{}, map[string]string{key: value}, &n) != nil {
			return
		}
		for _, d := range []job.Duration{n.JoinTimeout, n.LastCall, n.CloseTimeout, n.Lease} {
			if d < 0 || d > job.Duration(3e6*time.Second) {
				t.Errorf("%s=%s: %+v", key, value, n)
			}
		}
	})
}
