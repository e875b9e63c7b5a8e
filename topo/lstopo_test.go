//go:build linux

package topo

import (
	"encoding/xml"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// hwlocObject is what hwloc's XML says of a thing.
type hwlocObject struct {
	Type      string        `xml:"type,attr"`
	OSIndex   int           `xml:"os_index,attr"`
	CPUSet    string        `xml:"cpuset,attr"`
	Memory    int64         `xml:"local_memory,attr"`
	CacheSize int64         `xml:"cache_size,attr"`
	Children  []hwlocObject `xml:"object"`
}

// hwlocSet reads hwloc's masks: 32 bits a word, the highest word first.
func hwlocSet(t *testing.T, s string) job.CPUList {
	t.Helper()
	var cpus []int
	words := strings.Split(s, ",")
	slices.Reverse(words)
	for i, w := range words {
		if w == "" || w == "0x0" {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(w, "0x"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 32 {
			if n>>bit&1 == 1 {
				cpus = append(cpus, 32*i+bit)
			}
		}
	}
	return job.CPUs(cpus...)
}

// hwloc are the facts that lstopo finds, each a line.
func hwloc(t *testing.T, lstopo string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(lstopo, append([]string{"--of", "xml", "--disallowed"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("lstopo: %v\n%s", err, stderr.String())
	}
	var doc struct {
		Objects []hwlocObject `xml:"object"`
	}
	if err := xml.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	var facts []string
	var walk func(o hwlocObject)
	walk = func(o hwlocObject) {
		set := hwlocSet(t, o.CPUSet)
		switch o.Type {
		case "Package", "Core":
			facts = append(facts, fmt.Sprintf("%s %s", o.Type, set))
		case "NUMANode":
			facts = append(facts, fmt.Sprintf("NUMANode %d %s %d", o.OSIndex, set, o.Memory))
		case "L1Cache", "L1iCache", "L2Cache", "L3Cache":
			facts = append(facts, fmt.Sprintf("%s %s %d", o.Type, set, o.CacheSize))
		}
		for _, c := range o.Children {
			walk(c)
		}
	}
	for _, o := range doc.Objects {
		walk(o)
	}
	slices.Sort(facts)
	return facts
}

// factsOf says the same of what we found.
func factsOf(m *Machine) []string {
	var facts []string
	for _, p := range m.Packages {
		facts = append(facts, fmt.Sprintf("Package %s", p.CPUs))
	}
	for _, c := range m.Cores {
		facts = append(facts, fmt.Sprintf("Core %s", c.CPUs))
	}
	for _, n := range m.Nodes {
		// hwloc hangs memory alone where the closest CPUs are.
		near, _ := m.nearest(n.ID, func(n Node) bool { return !n.CPUs.IsZero() })
		facts = append(facts, fmt.Sprintf("NUMANode %d %s %d", n.ID, near.CPUs, n.Memory))
	}
	for _, c := range m.Caches {
		kind := ""
		if c.Type == "Instruction" {
			kind = "i"
		}
		facts = append(facts, fmt.Sprintf("L%d%sCache %s %d", c.Level, kind, c.CPUs, c.Size))
	}
	slices.Sort(facts)
	return facts
}

// hwloc is the judge of this machine.
func TestThisMachineAgainstHwloc(t *testing.T) {
	lstopo := testpeer.Need(t, "lstopo", "hwloc")
	m, err := Read("/")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(hwloc(t, lstopo), factsOf(m)); d != "" {
		t.Errorf("hwloc finds another machine (-) than we do (+):\n%s", d)
	}
}

// The packed machines are such that hwloc understands them as we do. It reads
// masks where we read lists: the kernel always has both.
func TestPackedAgainstHwloc(t *testing.T) {
	lstopo := testpeer.Need(t, "lstopo", "hwloc")
	for _, name := range []string{"desktop", "laptop-hybrid", "cxl-memory", "firecracker-vm"} {
		f := unpack(t, name)
		for path, text := range f {
			switch {
			case strings.HasSuffix(path, "thread_siblings_list"):
				f.set(strings.TrimSuffix(path, "_list"), mask(t, text))
			case strings.HasSuffix(path, "shared_cpu_list"):
				f.set(strings.TrimSuffix(path, "list")+"map", mask(t, text))
			case strings.HasSuffix(path, "/cpulist"):
				f.set(strings.TrimSuffix(path, "list")+"map", mask(t, text))
			case strings.HasSuffix(path, packageFile):
				pkg := job.CPUList{}
				for other, id := range f {
					if strings.HasSuffix(other, packageFile) && id == text {
						var cpu int
						fmt.Sscanf(other, cpuDir+"/cpu%d/", &cpu)
						pkg = pkg.Or(job.CPUs(cpu))
					}
				}
				f.set(strings.TrimSuffix(path, "physical_package_id")+"core_siblings", mask(t, pkg.String()))
			}
		}
		dir := f.write(t, t.TempDir())
		m, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(hwloc(t, lstopo, "-i", dir, "--if", "fsroot"), factsOf(m)); d != "" {
			t.Errorf("%s: hwloc finds another machine (-) than we do (+):\n%s", name, d)
		}
	}
}

// mask is a list in the kernel's other notation.
func mask(t *testing.T, list string) string {
	t.Helper()
	l := cpuList(t, list)
	var words []string
	for w := max(l.Max(), 0) / 32; w >= 0; w-- {
		var n uint32
		for bit := range 32 {
			if l.Contains(32*w + bit) {
				n |= 1 << bit
			}
		}
		words = append(words, fmt.Sprintf("%08x", n))
	}
	return strings.Join(words, ",")
}
