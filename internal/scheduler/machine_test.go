package scheduler

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestNamesOf(t *testing.T) {
	const hosts = `# Kubernetes-managed hosts file.
127.0.0.1	localhost
fe00::0	ip6-mcastprefix
10.1.2.3	train-2.train.ml.svc.cluster.local	train-2
10.1.2.4	train-20 other # train-2
`
	got := namesOf("train-2", strings.NewReader(hosts))
	if want := []string{"train-2", "train-2.train.ml.svc.cluster.local"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if names := MachineNames(); len(names) == 0 || names[0] != host {
		t.Errorf("%q", names)
	}
}

func FuzzNamesOf(f *testing.F) {
	f.Add("a", "1.2.3.4 a b\n#x\n")
	f.Add("", "\x00 \n")
	f.Fuzz(func(t *testing.T, host, hosts string) {
		names := namesOf(host, strings.NewReader(hosts))
		if names[0] != host {
			t.Fatalf("%q", names)
		}
	})
}
