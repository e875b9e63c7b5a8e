package scheduler

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// kubeflow reads what Kubeflow sets for torchrun. A PyTorchJob with an elastic policy
// tells MIN:MAX and an endpoint, and no rank; one with a master tells all but a port of
// ours: MASTER_PORT is for the workers' own store, so the endpoint is the host alone.
func kubeflow(e env) (*Found, error) {
	const source = "Kubeflow (PET_*)"
	if !e.has("PET_NNODES") {
		for _, name := range []string{"PET_NODE_RANK", "PET_MASTER_ADDR", "PET_RDZV_ENDPOINT"} {
			if e.has(name) {
				return nil, &job.UsageError{Field: "PET_NNODES", Why: "it is not set, and " + name + " is", Hint: byHand}
			}
		}
		return nil, nil
	}
	f := &Found{Source: source, NodeRank: -1, RunID: e.text("PET_RDZV_ID")}
	var err error
	if f.MinNodes, f.Nodes, err = e.span("PET_NNODES"); err != nil {
		return nil, err
	}
	if e.has("PET_NODE_RANK") {
		if f.NodeRank, err = e.number(source, "PET_NODE_RANK", 0); err != nil {
			return nil, err
		}
		if err := e.within("PET_NODE_RANK", f.NodeRank, "PET_NNODES", f.Nodes); err != nil {
			return nil, err
		}
	}
	f.Endpoint = e.first("PET_RDZV_ENDPOINT", "PET_MASTER_ADDR")
	if f.Endpoint == "" && f.Nodes > 1 {
		f.Hint = "neither PET_RDZV_ENDPOINT nor PET_MASTER_ADDR is set: give --rendezvous HOST:PORT"
	}
	return f, nil
}

// kubernetes reads what a pod of an Indexed Job sees, and what the pods of a JobSet are
// told by their manifest: JobSet has labels and annotations alone, which the downward
// API makes variables. The names are those of JobSet's own examples.
func kubernetes(e env, names func() []string) (*Found, error) {
	if e.has("JOBSET_NAME") {
		return jobSet(e, names)
	}
	if !e.has("JOB_COMPLETION_INDEX") {
		return nil, nil
	}
	f := &Found{Source: "Kubernetes Indexed Job"}
	if err := e.indexed(f); err != nil {
		return nil, err
	}
	if err := e.podWithin(f, f.Nodes); err != nil {
		return nil, err
	}
	// The host name is the job's name with the index. With a subdomain, the kubelet has
	// written the full name into /etc/hosts.
	suffix := "-" + strconv.Itoa(f.NodeRank)
	for _, name := range names() {
		short, domain, full := strings.Cut(name, ".")
		base, ok := strings.CutSuffix(short, suffix)
		if !ok || base == "" {
			continue
		}
		f.RunID = base
		if full {
			f.Endpoint = base + "-0." + domain
			break
		}
	}
	if f.Endpoint == "" && f.Nodes != 1 {
		f.addHint("pods find each other by a headless Service: make one and name it as subdomain of the pods, or give --rendezvous HOST:PORT")
	}
	return f, nil
}

func jobSet(e env, names func() []string) (*Found, error) {
	f := &Found{Source: "JobSet"}
	if err := e.indexed(f); err != nil {
		return nil, err
	}
	set, replicated := e.text("JOBSET_NAME"), e.text("REPLICATED_JOB_NAME")
	if replicated == "" {
		return nil, &job.UsageError{Field: "REPLICATED_JOB_NAME", Why: "it is not set, and JOBSET_NAME is",
			Hint: "take it from the pod's annotation jobset.sigs.k8s.io/replicatedjob-name, as examples/kubernetes/jobset.yaml does"}
	}
	index := e.text("JOB_INDEX")
	if index == "" {
		index = "0"
	}
	if err := e.acrossJobs(f); err != nil {
		return nil, err
	}
	f.RunID = set + "-" + replicated
	if n := e.text("JOBSET_RESTART_ATTEMPT"); n != "" && n != "0" {
		f.RunID += "-r" + n
	}
	// <jobset>-<replicated job>-<job index>-<pod index>.<subdomain>, where the subdomain
	// is the set's name unless the manifest has another.
	domain := set
	self := fmt.Sprintf("%s-%s-%s-%s.", set, replicated, index, e.text("JOB_COMPLETION_INDEX"))
	for _, name := range names() {
		if d, ok := strings.CutPrefix(name, self); ok {
			domain = d
			break
		}
	}
	f.Endpoint = fmt.Sprintf("%s-%s-0-0.%s", set, replicated, domain)
	return f, nil
}

// indexed reads the index of a pod within its job, and the number of nodes.
func (e env) indexed(f *Found) (err error) {
	if f.NodeRank, err = e.number(f.Source, "JOB_COMPLETION_INDEX", 0); err != nil {
		return err
	}
	if !e.has(NodesVar) {
		f.Hint = "Kubernetes does not tell how many pods a job has: set " + NodesVar + " to it in the manifest, or give --nodes"
		return nil
	}
	f.MinNodes, f.Nodes, err = e.span(NodesVar)
	return err
}

// acrossJobs turns the index within a job into a rank over all jobs of the same
// replicated job, where there are several.
func (e env) acrossJobs(f *Found) error {
	replicas := 1
	var err error
	if e.has("REPLICATED_JOB_REPLICAS") {
		if replicas, err = e.number(f.Source, "REPLICATED_JOB_REPLICAS", 1); err != nil {
			return err
		}
	}
	index := 0
	if e.has("JOB_INDEX") {
		if index, err = e.number(f.Source, "JOB_INDEX", 0); err != nil {
			return err
		}
	}
	if index >= replicas {
		return &job.UsageError{Field: "JOB_INDEX", Value: strconv.Itoa(index),
			Why:  fmt.Sprintf("the replicated job has %d replicas as far as we are told", replicas),
			Hint: "take REPLICATED_JOB_REPLICAS from the pod's annotation jobset.sigs.k8s.io/replicatedjob-replicas"}
	}
	if replicas == 1 {
		return e.podWithin(f, f.Nodes)
	}
	if f.Nodes == 0 {
		f.NodeRank = -1 // it depends on the number of pods in each
		return nil
	}
	if f.Nodes%replicas != 0 {
		return &job.UsageError{Field: NodesVar, Value: e.text(NodesVar),
			Why:  fmt.Sprintf("it is no multiple of REPLICATED_JOB_REPLICAS, %d", replicas),
			Hint: "make it the number of pods of all replicas together"}
	}
	each := f.Nodes / replicas
	if err := e.podWithin(f, each); err != nil {
		return err
	}
	f.NodeRank += index * each
	return nil
}

// podWithin checks the pod's index against the number of pods of its job; 0 is not
// known.
func (e env) podWithin(f *Found, pods int) error {
	if pods == 0 {
		return nil
	}
	return e.within("JOB_COMPLETION_INDEX", f.NodeRank, NodesVar, pods)
}

func (f *Found) addHint(text string) {
	if f.Hint != "" {
		f.Hint += "; "
	}
	f.Hint += text
}
