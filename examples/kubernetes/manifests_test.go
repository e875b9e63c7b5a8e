package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/sluicerun/sluice/internal/scheduler"
)

// read returns the documents of a manifest as JSON has them, by kind.
func read(t *testing.T, name string) map[string]map[string]any {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[string]any{}
	for dec := yaml.NewDecoder(f); ; {
		var doc any
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprint(object["kind"])] = object
	}
}

func readSchemas(t *testing.T) *schemas {
	t.Helper()
	text, err := os.ReadFile("testdata/schemas.json")
	if err != nil {
		t.Fatal(err)
	}
	var all schemas
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return &all
}

var versions = map[string]string{"Service": "v1", "Job": "batch/v1", "JobSet": "jobset.x-k8s.io/v1alpha2", "PyTorchJob": "kubeflow.org/v1"}

func TestSchema(t *testing.T) {
	all := readSchemas(t)
	for name, kinds := range map[string][]string{"indexed-job.yaml": {"Service", "Job"}, "jobset.yaml": {"JobSet"}, "pytorchjob.yaml": {"PyTorchJob"}} {
		docs := read(t, name)
		if len(docs) != len(kinds) {
			t.Errorf("%s: %d documents", name, len(docs))
		}
		for _, kind := range kinds {
			doc := docs[kind]
			if doc == nil || doc["apiVersion"] != versions[kind] {
				t.Fatalf("%s: no %s of %s", name, kind, versions[kind])
			}
			for _, wrong := range all.check(all.Kinds[kind], "", doc) {
				t.Errorf("%s: %s", name, wrong)
			}
		}
	}
}

// The checker sees what people get wrong.
func TestSchemaRefuses(t *testing.T) {
	all := readSchemas(t)
	for says, change := range map[string]func(spec map[string]any){
		"spec.completion: there is no such field":                           func(s map[string]any) { s["completion"] = 4.0 },
		"spec.completions: a text, not integer":                             func(s map[string]any) { s["completions"] = "4" },
		"spec: template is missing":                                         func(s map[string]any) { delete(s, "template") },
		"spec.template.spec.containers[0]: name is missing":                 func(s map[string]any) { delete(at(s, "template", "spec", "containers", 0), "name") },
		"spec.template.spec.containers[0].env[0].value: a number":           func(s map[string]any) { at(s, "template", "spec", "containers", 0, "env", 0)["value"] = 4.0 },
		"spec.template.spec.volumes[0].secret.name: there is no such field": func(s map[string]any) { at(s, "template", "spec", "volumes", 0, "secret")["name"] = "x" },
		"spec.template.spec.containers[0].command: a text, not array":       func(s map[string]any) { at(s, "template", "spec", "containers", 0)["command"] = "sluice run" },
		"spec.backoffLimit: 1.5 is not whole":                               func(s map[string]any) { s["backoffLimit"] = 1.5 },
		"spec.suspend: a value of type <nil>":                               func(s map[string]any) { s["suspend"] = nil },
	} {
		doc := read(t, "indexed-job.yaml")["Job"]
		change(at(doc, "spec"))
		if wrong := all.check(all.Kinds["Job"], "", doc); len(wrong) != 1 || !strings.HasPrefix(wrong[0], says) {
			t.Errorf("%q, not %q", wrong, says)
		}
	}
}

// at goes down by names and places to an object.
func at(v any, path ...any) map[string]any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v.(map[string]any)
}

// pod is what Kubernetes would tell one pod: variables, and its names in /etc/hosts.
type pod struct {
	vars  map[string]string
	names []string
}

func (p pod) detect(t *testing.T) *scheduler.Found {
	t.Helper()
	f, err := scheduler.Detect(
		func(name string) (string, bool) { v, ok := p.vars[name]; return v, ok },
		func() []string { return p.names })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// variables are those of the first container; fields maps a fieldPath to its value.
func variables(t *testing.T, podSpec map[string]any, fields map[string]string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	env, _ := at(podSpec, "containers", 0)["env"].([]any)
	for i := range env {
		v := at(env, i)
		if value, ok := v["value"]; ok {
			vars[v["name"].(string)] = value.(string)
			continue
		}
		field := at(v, "valueFrom", "fieldRef")["fieldPath"].(string)
		value, ok := fields[field]
		if !ok {
			t.Errorf("%s: nobody sets %s", v["name"], field)
		}
		vars[v["name"].(string)] = value
	}
	return vars
}

// agree says that the pods are told of one world, with each of them in it once.
func agree(t *testing.T, pods []pod, source, endpoint string) {
	t.Helper()
	run := ""
	for i, p := range pods {
		f := p.detect(t)
		if i == 0 {
			run = f.RunID
		}
		if f.Source != source || f.Nodes != len(pods) || f.NodeRank != i || f.Endpoint != endpoint || f.RunID != run || f.Hint != "" {
			t.Errorf("pod %d: %+v", i, f)
		}
	}
}

func TestIndexedJob(t *testing.T) {
	docs := read(t, "indexed-job.yaml")
	service := at(docs["Service"], "metadata")["name"].(string)
	spec := at(docs["Job"], "spec")
	podSpec := at(spec, "template", "spec")
	name := at(docs["Job"], "metadata")["name"].(string)
	if podSpec["subdomain"] != service || at(docs["Service"], "spec", "selector")["batch.kubernetes.io/job-name"] != name || spec["completions"] != spec["parallelism"] {
		t.Error("the Service, the Job and its pods do not fit together")
	}
	var pods []pod
	for i := range int(spec["completions"].(float64)) {
		vars := variables(t, podSpec, nil)
		vars["JOB_COMPLETION_INDEX"] = fmt.Sprint(i)
		host := fmt.Sprintf("%s-%d", name, i)
		pods = append(pods, pod{vars, []string{host, host + "." + service + ".default.svc.cluster.local"}})
	}
	agree(t, pods, "Kubernetes Indexed Job", name+"-0."+service+".default.svc.cluster.local")
}

func TestJobSet(t *testing.T) {
	doc := read(t, "jobset.yaml")["JobSet"]
	name := at(doc, "metadata")["name"].(string)
	job := at(doc, "spec", "replicatedJobs", 0)
	replicas, spec := int(job["replicas"].(float64)), at(job, "template", "spec")
	var pods []pod
	for j := range replicas {
		for i := range int(spec["completions"].(float64)) {
			vars := variables(t, at(spec, "template", "spec"), map[string]string{
				"metadata.annotations['jobset.sigs.k8s.io/jobset-name']":            name,
				"metadata.annotations['jobset.sigs.k8s.io/replicatedjob-name']":     job["name"].(string),
				"metadata.annotations['jobset.sigs.k8s.io/replicatedjob-replicas']": fmt.Sprint(replicas),
				"metadata.annotations['jobset.sigs.k8s.io/job-index']":              fmt.Sprint(j),
				"metadata.labels['jobset.sigs.k8s.io/restart-attempt']":             "0",
			})
			vars["JOB_COMPLETION_INDEX"] = fmt.Sprint(i)
			host := fmt.Sprintf("%s-%s-%d-%d", name, job["name"], j, i)
			pods = append(pods, pod{vars, []string{host, host + "." + name + ".default.svc.cluster.local"}})
		}
	}
	agree(t, pods, "JobSet", fmt.Sprintf("%s-%s-0-0.%s.default.svc.cluster.local", name, job["name"], name))
}

func TestPyTorchJob(t *testing.T) {
	doc := read(t, "pytorchjob.yaml")["PyTorchJob"]
	name := at(doc, "metadata")["name"].(string)
	specs := at(doc, "spec", "pytorchReplicaSpecs")
	count := func(role string) int { return int(at(specs, role)["replicas"].(float64)) }
	if count("Master") != 1 || at(specs, "Master", "template", "spec", "containers", 0)["name"] != "pytorch" {
		t.Error("the operator wants one master and a container named pytorch")
	}
	total := count("Master") + count("Worker")
	var pods []pod
	for i := range total { // workers come after the master
		pods = append(pods, pod{vars: map[string]string{
			"PET_NNODES": fmt.Sprint(total), "PET_NODE_RANK": fmt.Sprint(i),
			"PET_MASTER_ADDR": name + "-master-0", "PET_MASTER_PORT": "23456",
		}})
	}
	agree(t, pods, "Kubeflow (PET_*)", name+"-master-0")
}
