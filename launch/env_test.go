package launch

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
)

func asMap(t *testing.T, env []string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		if _, twice := m[k]; twice {
			t.Errorf("%s is there twice", k)
		}
		m[k] = v
	}
	return m
}

// The variables are those that the launchers themselves set, by their names.
func TestDialects(t *testing.T) {
	all := map[job.Dialect]map[string]string{
		job.DialectTorch: {"RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4", "GROUP_RANK": "0",
			"ROLE_NAME": "trainer", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "1234", "TORCHELASTIC_RESTART_COUNT": "3",
			"TORCHELASTIC_RUN_ID": "run-abc", "TORCHELASTIC_ERROR_FILE": "/logs/2/error.json"},
		job.DialectOMPI: {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_LOCAL_RANK": "2", "OMPI_UNIVERSE_SIZE": "4"},
		job.DialectPMI:  {"PMI_RANK": "2", "PMI_SIZE": "4", "MPI_LOCALRANKID": "2", "MPI_LOCALNRANKS": "4"},
		job.DialectSlurm: {"SLURM_PROCID": "2", "SLURM_LOCALID": "2", "SLURM_NTASKS": "4", "SLURM_NNODES": "1",
			"SLURM_NODELIST": "node7", "SLURM_LAUNCH_NODE_IPADDR": "10.0.0.1"},
		job.DialectNone: {},
	}
	for d, want := range all {
		spec := job.Spec{Workers: 4, Role: "trainer", Dialects: []job.Dialect{d}}
		list, err := newEnviron(&spec, []string{"HOME=/root"}, "run-abc", "/run/s.sock", "node7").worker(2, 3, 3, "/logs/2",
			Place{Size: 4, Groups: 1, RoleSize: 4, MasterAddr: "10.0.0.1", MasterPort: "1234"})
		if err != nil {
			t.Fatal(err)
		}
		env := asMap(t, list)
		for k, v := range want {
			if env[k] != v {
				t.Errorf("%s: %s is %q, not %q", d, k, env[k], v)
			}
		}
		for k, v := range map[string]string{"HOME": "/root", "PYTHONUNBUFFERED": "1", "SLUICE_RUN": "run-abc", "SLUICE_RANK": "2",
			"SLUICE_ATTEMPT": "3", "SLUICE_SOCKET": "/run/s.sock"} {
			if env[k] != v {
				t.Errorf("%s: %s is %q, not %q", d, k, env[k], v)
			}
		}
		for other, names := range all {
			for k := range names {
				if _, mine := want[k]; !mine && other != d && env[k] != "" {
					t.Errorf("%s sets %s, which is %s's", d, k, other)
				}
			}
		}
	}
}

func TestEnvironmentLayers(t *testing.T) {
	spec := job.Spec{Workers: 2, Env: []string{"A=1", "RANK=mine", "A=2", "PYTHONUNBUFFERED="}}
	e := newEnviron(&spec, []string{"A=0", "B=0", "B=1", "_SLUICE_FUNC=x", "MASTER_ADDR=host", "WORLD_SIZE=99"}, "r", "", "h")
	addr, port := e.attempt()
	if addr != "host" || port == "" {
		t.Errorf("the meeting point is %s:%s", addr, port)
	}
	env, err := e.worker(0, 0, 0, "/d", Place{Size: 2, Groups: 1, RoleSize: 2, MasterAddr: addr, MasterPort: port})
	if err != nil {
		t.Fatal(err)
	}
	m := asMap(t, env)
	for k, v := range map[string]string{"A": "2", "B": "0", "RANK": "mine", "WORLD_SIZE": "2", "PYTHONUNBUFFERED": "", "MASTER_ADDR": "host"} {
		if m[k] != v {
			t.Errorf("%s is %q, not %q", k, m[k], v)
		}
	}
	if _, ok := m["_SLUICE_FUNC"]; ok {
		t.Error("sluice's own plumbing is inherited")
	}
	if _, ok := m["SLUICE_SOCKET"]; ok {
		t.Error("a socket is named where there is none")
	}
	if !slices.Contains(env, "LOCAL_RANK=0") {
		t.Error("the default dialect is torch's")
	}
}
