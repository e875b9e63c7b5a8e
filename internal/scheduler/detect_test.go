package scheduler

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/job"
)

// variables reads lines as env prints them.
func variables(t testing.TB, text string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("no variable: %q", line)
		}
		vars[name] = value
	}
	return vars
}

func detect(vars map[string]string, names ...string) (*Found, error) {
	return Detect(func(name string) (string, bool) { v, ok := vars[name]; return v, ok }, func() []string { return names })
}

// check compares what was found, but for the hint: that one must have the text wanted,
// and be there only if some is. For an error, wantErr is its variable, a blank, and part
// of its text.
func check(t *testing.T, got *Found, err error, want *Found, wantErr string) {
	t.Helper()
	if wantErr != "" {
		field, says, _ := strings.Cut(wantErr, " ")
		var usage *job.UsageError
		if !errors.As(err, &usage) || usage.Field != field || !strings.Contains(usage.Error(), says) || usage.Hint == "" {
			t.Errorf("error: %v\nnot: %s", err, wantErr)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != nil && want != nil && want.Hint != "" && strings.Contains(got.Hint, want.Hint) {
		copied := *got
		copied.Hint = want.Hint
		got = &copied
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What real launchers have set: srun, sbatch and salloc of Slurm 22.05 on two nodes,
// Open MPI 4.1 and Hydra 4.0.
func TestCaptured(t *testing.T) {
	const tooMany = "SLURM_STEP_TASKS_PER_NODE --ntasks-per-node=1"
	slurm := func(rank int, run string) *Found {
		return &Found{Source: "Slurm", Nodes: 2, MinNodes: 2, NodeRank: rank, Endpoint: "n1", RunID: run}
	}
	for name, test := range map[string]struct {
		want    *Found
		wantErr string
	}{
		"srun":                 {want: slurm(1, "slurm-1.0")},
		"srun-pmi2":            {want: slurm(1, "slurm-8.0")},
		"sbatch-srun":          {want: slurm(1, "slurm-7.0")},
		"sbatch-srun-one-node": {want: &Found{Source: "Slurm", Nodes: 1, MinNodes: 1, Endpoint: "n1", RunID: "slurm-7.1"}},
		"srun-two-per-node":    {wantErr: tooMany},
		"srun-two-tasks":       {wantErr: tooMany},
		"sbatch":               {wantErr: "SLURM_JOB_NUM_NODES run it with srun"},
		"salloc":               {wantErr: "SLURM_JOB_NUM_NODES run it with srun"},
		"mpirun":               {want: &Found{Source: "Open MPI", Nodes: 1, MinNodes: 1, RunID: "ompi-295632897"}},
		"mpirun-two-per-node":  {wantErr: "OMPI_COMM_WORLD_LOCAL_SIZE ppr:1:node"},
		"hydra":                {want: &Found{Source: "PMI", Nodes: 1, MinNodes: 1}},
		"hydra-two-per-node":   {wantErr: "MPI_LOCALNRANKS -ppn 1"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name+".env"))
			if err != nil {
				t.Fatal(err)
			}
			vars := variables(t, string(text))
			got, err := detect(vars)
			check(t, got, err, test.want, test.wantErr)

			// The same seen by a worker that such an agent has started.
			vars[runVar] = "run-1"
			got, err = detect(vars)
			check(t, got, err, nil, "")
		})
	}
}

const (
	step = "SLURM_JOB_ID=7\nSLURM_STEP_ID=0\nSLURM_STEP_NUM_NODES=2\nSLURM_STEP_NUM_TASKS=2\nSLURM_STEP_TASKS_PER_NODE=1(x2)\nSLURM_NODEID=1\nSLURM_STEP_NODELIST=n[1-2]\n"
	ompi = "OMPI_COMM_WORLD_SIZE=4\nOMPI_COMM_WORLD_RANK=3\nOMPI_COMM_WORLD_LOCAL_SIZE=1\n"
	set  = "JOBSET_NAME=train\nREPLICATED_JOB_NAME=node\nJOB_COMPLETION_INDEX=1\n"
)

func TestDetect(t *testing.T) {
	slurm := &Found{Source: "Slurm", Nodes: 2, MinNodes: 2, NodeRank: 1, Endpoint: "n1", RunID: "slurm-7.0"}
	requeued := *slurm
	requeued.RunID = "slurm-7.0-r2"
	for name, test := range map[string]struct {
		vars, names string
		want        *Found
		wantErr     string
	}{
		"nothing":       {vars: "HOME=/root\nRANK=0\nWORLD_SIZE=4\nMASTER_ADDR=x\n"},
		"empty ones":    {vars: "SLURM_JOB_ID=\nPET_NNODES=\nJOB_COMPLETION_INDEX=\nPMI_SIZE=\nOMPI_COMM_WORLD_SIZE=\n"},
		"our worker's":  {vars: step + ompi + "SLUICE_RUN=x\n"},
		"only of Slurm": {vars: "SLURM_CPUS_PER_TASK=4\nSLURM_CONF=/etc/slurm.conf\n"}, // not in a job

		"srun":                  {vars: step, want: slurm},
		"requeued":              {vars: step + "SLURM_RESTART_COUNT=2\n", want: &requeued},
		"old names":             {vars: strings.ReplaceAll(strings.ReplaceAll(step, "SLURM_JOB_ID", "SLURM_JOBID"), "SLURM_STEP_ID", "SLURM_STEPID"), want: slurm},
		"no node id":            {vars: strings.Replace(step, "SLURM_NODEID=1", "", 1), wantErr: "SLURM_NODEID not set"},
		"no number of nodes":    {vars: strings.Replace(step, "SLURM_STEP_NUM_NODES=2", "", 1), wantErr: "SLURM_STEP_NUM_NODES not set"},
		"no list":               {vars: strings.Replace(step, "SLURM_STEP_NODELIST=n[1-2]", "", 1), wantErr: "SLURM_NODELIST not set"},
		"a broken list":         {vars: step + "SLURM_STEP_NODELIST=n[1-2\n", wantErr: "SLURM_STEP_NODELIST without"},
		"a short list":          {vars: step + "SLURM_STEP_NODELIST=n1\n", wantErr: "SLURM_STEP_NODELIST names 1 nodes"},
		"a rank too high":       {vars: step + "SLURM_NODEID=2\n", wantErr: "SLURM_NODEID there is no such node"},
		"no number":             {vars: step + "SLURM_NODEID=one\n", wantErr: "SLURM_NODEID not a whole number"},
		"negative":              {vars: step + "SLURM_NODEID=-1\n", wantErr: "SLURM_NODEID not a whole number"},
		"two on another node":   {vars: step + "SLURM_STEP_TASKS_PER_NODE=2,1\nSLURM_STEP_NUM_TASKS=3\n", wantErr: "SLURM_STEP_TASKS_PER_NODE --ntasks-per-node=1"},
		"more tasks than nodes": {vars: step + "SLURM_STEP_TASKS_PER_NODE=\nSLURM_STEP_NUM_TASKS=16\n", wantErr: "SLURM_STEP_NUM_TASKS --ntasks-per-node=1"},
		"tasks of three nodes":  {vars: step + "SLURM_STEP_TASKS_PER_NODE=1(x3)\n", wantErr: "SLURM_STEP_TASKS_PER_NODE of 3 nodes"},
		"broken tasks":          {vars: step + "SLURM_STEP_TASKS_PER_NODE=1(x2\n", wantErr: "SLURM_STEP_TASKS_PER_NODE no end"},
		"another order":         {vars: step + "SLURMD_NODENAME=n1\n", wantErr: "SLURMD_NODENAME n2"},
		"this order":            {vars: step + "SLURMD_NODENAME=n2\n", want: slurm},
		"a step's odd id":       {vars: step + "SLURM_STEP_ID=x\n", wantErr: "SLURM_STEP_ID not the number"},
		"heterogeneous":         {vars: step + "SLURM_HET_SIZE=2\n", wantErr: "SLURM_HET_SIZE --nodes"},
		"interactive step":      {vars: step + "SLURM_STEP_ID=4294967290\nSLURM_JOB_NUM_NODES=2\n", wantErr: "SLURM_JOB_NUM_NODES srun"},
		"batch, one node":       {vars: "SLURM_JOB_ID=7\nSLURM_JOB_NUM_NODES=1\n", want: &Found{Source: "Slurm", Nodes: 1, MinNodes: 1, RunID: "slurm-7"}},
		"a login to a node":     {vars: "SLURM_JOB_ID=7\n", wantErr: "SLURM_NNODES --nodes 1"},
		"an odd number":         {vars: "SLURM_JOB_ID=7\nSLURM_NNODES=0\n", wantErr: "SLURM_NNODES not a whole number"},

		"mpirun":            {vars: ompi, want: &Found{Source: "Open MPI", Nodes: 4, MinNodes: 4, NodeRank: 3, Hint: "--rendezvous"}},
		"mpirun in Slurm":   {vars: ompi + step, want: &Found{Source: "Open MPI", Nodes: 4, MinNodes: 4, NodeRank: 3, Hint: "--rendezvous"}},
		"eight per node":    {vars: ompi + "OMPI_COMM_WORLD_LOCAL_SIZE=8\n", wantErr: "OMPI_COMM_WORLD_LOCAL_SIZE this node has 8"},
		"no rank":           {vars: ompi + "OMPI_COMM_WORLD_RANK=\n", wantErr: "OMPI_COMM_WORLD_RANK not set"},
		"a rank of no node": {vars: ompi + "OMPI_COMM_WORLD_RANK=4\n", wantErr: "OMPI_COMM_WORLD_RANK no such node"},
		"hydra":             {vars: "PMI_SIZE=2\nPMI_RANK=1\nMPI_LOCALNRANKS=1\n", want: &Found{Source: "PMI", Nodes: 2, MinNodes: 2, NodeRank: 1, Hint: "--rendezvous"}},
		"hydra in Slurm":    {vars: step + "PMI_SIZE=3\nPMI_RANK=2\nMPI_LOCALNRANKS=1\n", want: &Found{Source: "PMI", Nodes: 3, MinNodes: 3, NodeRank: 2, Hint: "--rendezvous"}},
		"hydra, no size":    {vars: "PMI_RANK=1\nMPI_LOCALNRANKS=1\n", wantErr: "PMI_SIZE not set"},
		"some PMI":          {vars: "PMI_SIZE=2\nPMI_RANK=1\n", wantErr: "PMI_SIZE one per node"},
		"PMI of one":        {vars: "PMI_SIZE=1\nPMI_RANK=0\n", want: &Found{Source: "PMI", Nodes: 1, MinNodes: 1}},
		"half of PMI":       {vars: "PMI_RANK=0\n", wantErr: "PMI_SIZE not set"},
		"PMI of srun":       {vars: step + "PMI_SIZE=2\nPMI_RANK=1\n", want: slurm},

		"PyTorchJob": {vars: "PET_NNODES=4\nPET_NODE_RANK=2\nPET_MASTER_ADDR=train-master-0\nPET_MASTER_PORT=23456\nPET_NPROC_PER_NODE=8\n",
			want: &Found{Source: "Kubeflow (PET_*)", Nodes: 4, MinNodes: 4, NodeRank: 2, Endpoint: "train-master-0"}},
		"elastic PyTorchJob": {vars: "PET_NNODES=2:4\nPET_RDZV_ENDPOINT=train-worker-0:23456\nPET_RDZV_BACKEND=c10d\nPET_RDZV_ID=x\n",
			want: &Found{Source: "Kubeflow (PET_*)", Nodes: 4, MinNodes: 2, NodeRank: -1, Endpoint: "train-worker-0:23456", RunID: "x"}},
		"TrainJob, a pod of a JobSet": {vars: "PET_NNODES=2\nPET_NODE_RANK=1\nPET_MASTER_ADDR=t-node-0-0.t\nJOB_COMPLETION_INDEX=1\n",
			want: &Found{Source: "Kubeflow (PET_*)", Nodes: 2, MinNodes: 2, NodeRank: 1, Endpoint: "t-node-0-0.t"}},
		"for torchrun":           {vars: "PET_NPROC_PER_NODE=8\n"},
		"only a rank":            {vars: "PET_NODE_RANK=1\n", wantErr: "PET_NNODES PET_NODE_RANK is"},
		"only a master":          {vars: "PET_MASTER_ADDR=x\n", wantErr: "PET_NNODES PET_MASTER_ADDR is"},
		"no master":              {vars: "PET_NNODES=2\nPET_NODE_RANK=1\n", want: &Found{Source: "Kubeflow (PET_*)", Nodes: 2, MinNodes: 2, NodeRank: 1, Hint: "PET_MASTER_ADDR"}},
		"one node":               {vars: "PET_NNODES=1\n", want: &Found{Source: "Kubeflow (PET_*)", Nodes: 1, MinNodes: 1, NodeRank: -1}},
		"nodes backwards":        {vars: "PET_NNODES=4:2\n", wantErr: "PET_NNODES MIN:MAX"},
		"no nodes":               {vars: "PET_NNODES=0\n", wantErr: "PET_NNODES MIN:MAX"},
		"node four of four":      {vars: "PET_NNODES=4\nPET_NODE_RANK=4\n", wantErr: "PET_NODE_RANK no such node"},
		"Slurm and PET":          {vars: step + "PET_NNODES=2\n", want: slurm},
		"Slurm and PET disagree": {vars: step + "PET_NNODES=4\n", wantErr: "PET_NNODES Slurm says that there are 2"},

		"Indexed Job": {vars: "JOB_COMPLETION_INDEX=2\nSLUICE_NODES=3\n", names: "train-2 train-2.train.ml.svc.cluster.local",
			want: &Found{Source: "Kubernetes Indexed Job", Nodes: 3, MinNodes: 3, NodeRank: 2, Endpoint: "train-0.train.ml.svc.cluster.local", RunID: "train"}},
		"elastic Indexed Job": {vars: "JOB_COMPLETION_INDEX=2\nSLUICE_NODES=1:3\n", names: "train-2 train-2.x",
			want: &Found{Source: "Kubernetes Indexed Job", Nodes: 3, MinNodes: 1, NodeRank: 2, Endpoint: "train-0.x", RunID: "train"}},
		"no service":       {vars: "JOB_COMPLETION_INDEX=2\nSLUICE_NODES=3\n", names: "train-2", want: &Found{Source: "Kubernetes Indexed Job", Nodes: 3, MinNodes: 3, NodeRank: 2, RunID: "train", Hint: "headless Service"}},
		"no count":         {vars: "JOB_COMPLETION_INDEX=0\n", names: "train-0 train-0.train", want: &Found{Source: "Kubernetes Indexed Job", Endpoint: "train-0.train", RunID: "train", Hint: "SLUICE_NODES"}},
		"neither":          {vars: "JOB_COMPLETION_INDEX=0\n", names: "other", want: &Found{Source: "Kubernetes Indexed Job", Hint: "SLUICE_NODES"}},
		"one pod":          {vars: "JOB_COMPLETION_INDEX=0\nSLUICE_NODES=1\n", want: &Found{Source: "Kubernetes Indexed Job", Nodes: 1, MinNodes: 1}},
		"a pod too many":   {vars: "JOB_COMPLETION_INDEX=3\nSLUICE_NODES=3\n", wantErr: "JOB_COMPLETION_INDEX SLUICE_NODES is 3"},
		"an odd index":     {vars: "JOB_COMPLETION_INDEX=x\n", wantErr: "JOB_COMPLETION_INDEX not a whole number"},
		"a count in words": {vars: "JOB_COMPLETION_INDEX=0\nSLUICE_NODES=three\n", wantErr: "SLUICE_NODES MIN:MAX"},

		"JobSet": {vars: set + "SLUICE_NODES=2\n", names: "train-node-0-1",
			want: &Found{Source: "JobSet", Nodes: 2, MinNodes: 2, NodeRank: 1, Endpoint: "train-node-0-0.train", RunID: "train-node"}},
		"JobSet with a subdomain": {vars: set + "SLUICE_NODES=2\nJOB_INDEX=0\nJOBSET_RESTART_ATTEMPT=1\n", names: "train-node-0-1 train-node-0-1.net.ml.svc.cluster.local",
			want: &Found{Source: "JobSet", Nodes: 2, MinNodes: 2, NodeRank: 1, Endpoint: "train-node-0-0.net.ml.svc.cluster.local", RunID: "train-node-r1"}},
		"several jobs": {vars: set + "SLUICE_NODES=6\nJOB_INDEX=2\nREPLICATED_JOB_REPLICAS=3\n",
			want: &Found{Source: "JobSet", Nodes: 6, MinNodes: 6, NodeRank: 5, Endpoint: "train-node-0-0.train", RunID: "train-node"}},
		"several jobs, no count": {vars: set + "JOB_INDEX=2\nREPLICATED_JOB_REPLICAS=3\n",
			want: &Found{Source: "JobSet", NodeRank: -1, Endpoint: "train-node-0-0.train", RunID: "train-node", Hint: "SLUICE_NODES"}},
		"jobs that do not divide": {vars: set + "SLUICE_NODES=7\nJOB_INDEX=2\nREPLICATED_JOB_REPLICAS=3\n", wantErr: "SLUICE_NODES multiple"},
		"a job too many":          {vars: set + "SLUICE_NODES=2\nJOB_INDEX=1\n", wantErr: "JOB_INDEX REPLICATED_JOB_REPLICAS"},
		"more pods than told":     {vars: set + "SLUICE_NODES=2\nJOB_INDEX=1\nREPLICATED_JOB_REPLICAS=2\n", wantErr: "JOB_COMPLETION_INDEX no such node"},
		"JobSet, no job's name":   {vars: "JOBSET_NAME=train\nJOB_COMPLETION_INDEX=1\nSLUICE_NODES=2\n", wantErr: "REPLICATED_JOB_NAME jobset.yaml"},
		"JobSet, no index":        {vars: "JOBSET_NAME=train\nREPLICATED_JOB_NAME=node\n", wantErr: "JOB_COMPLETION_INDEX not set"},

		"a number alone":          {vars: "SLUICE_NODES=2:4\n", want: &Found{Source: "SLUICE_NODES", Nodes: 4, MinNodes: 2, NodeRank: -1, Hint: "--rendezvous HOST:PORT"}},
		"the number one":          {vars: "SLUICE_NODES=1\n", want: &Found{Source: "SLUICE_NODES", Nodes: 1, MinNodes: 1, NodeRank: -1}},
		"a word alone":            {vars: "SLUICE_NODES=all\n", wantErr: "SLUICE_NODES MIN:MAX"},
		"a number in a worker":    {vars: "SLUICE_NODES=4\nSLUICE_RUN=x-abcdef\n"},
		"a number and a step":     {vars: step + "SLUICE_NODES=2\n", want: slurm},
		"a number set to nothing": {vars: "SLUICE_NODES=\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := detect(variables(t, test.vars), strings.Fields(test.names)...)
			check(t, got, err, test.want, test.wantErr)
		})
	}
}

// Whatever the environment holds, what is found is whole or there is an error with a
// way out.
func FuzzDetect(f *testing.F) {
	for _, text := range []string{step, ompi, set, "PET_NNODES=1:4\nPET_NODE_RANK=3", "JOB_COMPLETION_INDEX=0\nSLUICE_NODES=3", "PMI_SIZE=2\nPMI_RANK=1\nMPI_LOCALNRANKS=1"} {
		f.Add(text, "a-0.b c")
	}
	f.Fuzz(func(t *testing.T, text, names string) {
		vars := map[string]string{}
		for line := range strings.Lines(text) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
				vars[name] = value
			}
		}
		found, err := detect(vars, strings.Fields(names)...)
		var usage *job.UsageError
		switch {
		case err != nil:
			if found != nil || !errors.As(err, &usage) || usage.Hint == "" {
				t.Fatalf("%v, %v", found, err)
			}
		case found == nil:
		case found.Source == "", found.MinNodes > found.Nodes, found.Nodes > 0 && found.MinNodes < 1,
			found.NodeRank < -1, found.Nodes > 0 && found.NodeRank >= found.Nodes,
			found.Hint == "" && (found.Nodes == 0 || found.Nodes > 1 && found.Endpoint == ""):
			t.Fatalf("%+v", found)
		}
	})
}
