package topo

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sluicerun/sluice/job"
)

// files is a tree: contents by path.
type files map[string]string

func (f files) write(t testing.TB, dir string) string {
	t.Helper()
	made := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(f)) {
		full := filepath.Join(dir, path)
		if parent := filepath.Dir(full); !made[parent] {
			made[parent] = true
			if err := os.MkdirAll(parent, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(full, []byte(f[path]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f files) fs() fstest.MapFS {
	out := fstest.MapFS{}
	for path, text := range f {
		out[path] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return out
}

func (f files) set(path, text string) { f[path] = text + "\n" }

// builtCore is a core of a machine to be built. CPUs of one l2 or l3 number
// share that cache.
type builtCore struct {
	cpus              []int
	socket, node      int
	l2, l3            int
	l1Size, l1iSize   string
	l2Size            string
	coreID, dieNumber int
}

// built is a machine to be built.
type built struct {
	model   string
	cores   []builtCore
	nodeMem []int64 // in GiB, by node
	l3Size  string
	// distance is that of two different nodes.
	distance func(a, b int) int
	devices  []builtDevice
	more     files
}

type builtDevice struct {
	address, class, vendor, device, driver string
	node                                   int
	names                                  []string
	model, uuid                            string // of NVIDIA's GPUs
}

// regular is a machine whose sockets, nodes and caches are all alike.
type regular struct {
	sockets, nodes, l3s, cores, threads int // nodes per socket, L3s per node, cores per L3
	// number gives the CPU of a thread of the n-th core of total.
	number func(n, thread, total, socket int) int
}

// pairs numbers siblings 2i and 2i+1.
func pairs(n, thread, _, _ int) int { return 2*n + thread }

// halves gives first threads the lower numbers, as most machines do.
func halves(n, thread, total, _ int) int { return n + thread*total }

func (r regular) build(l1, l1i, l2 string) []builtCore {
	total := r.sockets * r.nodes * r.l3s * r.cores
	var out []builtCore
	for n := range total {
		l3 := n / r.cores
		node := l3 / r.l3s
		socket := node / r.nodes
		c := builtCore{socket: socket, node: node, l2: n, l3: l3, l1Size: l1, l1iSize: l1i, l2Size: l2, coreID: n % (total / r.sockets)}
		for thread := range r.threads {
			c.cpus = append(c.cpus, r.number(n, thread, total, socket))
		}
		out = append(out, c)
	}
	return out
}

func (b built) files() files {
	f := files{}
	members := func(same func(c builtCore) bool) string {
		var cpus []int
		for _, c := range b.cores {
			if same(c) {
				cpus = append(cpus, c.cpus...)
			}
		}
		return job.CPUs(cpus...).String()
	}
	f.set("sys/devices/system/cpu/online", members(func(builtCore) bool { return true }))
	f.set("sys/devices/system/cpu/possible", members(func(builtCore) bool { return true }))
	l2s, l3s, nodes := map[int]string{}, map[int]string{}, map[int]string{}
	for _, c := range b.cores {
		if l2s[c.l2] == "" {
			l2s[c.l2] = members(func(o builtCore) bool { return o.l2 == c.l2 })
		}
		if l3s[c.l3] == "" {
			l3s[c.l3] = members(func(o builtCore) bool { return o.l3 == c.l3 })
		}
		if nodes[c.node] == "" {
			nodes[c.node] = members(func(o builtCore) bool { return o.node == c.node })
		}
	}
	for _, c := range b.cores {
		own := job.CPUs(c.cpus...).String()
		for _, cpu := range c.cpus {
			dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/", cpu)
			f.set(dir+"topology/physical_package_id", fmt.Sprint(c.socket))
			f.set(dir+"topology/die_id", fmt.Sprint(c.dieNumber))
			f.set(dir+"topology/core_id", fmt.Sprint(c.coreID))
			f.set(dir+"topology/thread_siblings_list", own)
			for i, cache := range []struct{ level, kind, size, shared string }{
				{"1", "Data", c.l1Size, own}, {"1", "Instruction", c.l1iSize, own},
				{"2", "Unified", c.l2Size, l2s[c.l2]}, {"3", "Unified", b.l3Size, l3s[c.l3]},
			} {
				index := fmt.Sprintf("%scache/index%d/", dir, i)
				f.set(index+"level", cache.level)
				f.set(index+"type", cache.kind)
				f.set(index+"size", cache.size)
				f.set(index+"shared_cpu_list", cache.shared)
			}
		}
	}
	var total int64
	for id, gib := range b.nodeMem {
		dir := fmt.Sprintf("sys/devices/system/node/node%d/", id)
		f.set(dir+"cpulist", nodes[id])
		kib := gib<<20 - gib<<12
		total += kib
		f.set(dir+"meminfo", fmt.Sprintf("Node %d MemTotal:       %8d kB", id, kib))
		var row []string
		for other := range b.nodeMem {
			d := 10
			if other != id {
				d = b.distance(id, other)
			}
			row = append(row, fmt.Sprint(d))
		}
		f.set(dir+"distance", strings.Join(row, " "))
	}
	online := make([]int, len(b.nodeMem))
	for i := range online {
		online[i] = i
	}
	f.set("sys/devices/system/node/online", job.FormatRanks(online))
	f.set("sys/devices/system/node/possible", job.FormatRanks(online))
	f.set("proc/meminfo", fmt.Sprintf("MemTotal:       %8d kB", total))
	if b.model != "" {
		f.set("proc/cpuinfo", "processor\t: 0\nmodel name\t: "+b.model)
	}
	for _, d := range b.devices {
		d.files(f, nodes)
	}
	maps.Copy(f, b.more)
	return f
}

func (d builtDevice) files(f files, nodes map[int]string) {
	dir := "sys/bus/pci/devices/" + d.address + "/"
	f.set(dir+"class", d.class)
	f.set(dir+"vendor", d.vendor)
	f.set(dir+"device", d.device)
	f.set(dir+"numa_node", fmt.Sprint(d.node))
	f.set(dir+"local_cpulist", nodes[max(d.node, 0)])
	f.set(dir+"uevent", "DRIVER="+d.driver+"\nPCI_SLOT_NAME="+d.address)
	for _, n := range d.names {
		kind, name, _ := strings.Cut(n, "/")
		f.set(dir+kind+"/"+name+"/uevent", "")
	}
	if d.uuid != "" {
		minor := 0
		for path := range f {
			if strings.HasPrefix(path, nvidiaDir+"/") {
				minor++
			}
		}
		f.set(nvidiaDir+"/"+d.address+"/information", fmt.Sprintf(
			"Model: \t\t %s\nIRQ:   \t\t %d\nGPU UUID: \t %s\nVideo BIOS: \t 96.00.30.00.01\nBus Type: \t PCIe\nDMA Size: \t 52 bits\nDMA Mask: \t 0xfffffffffffff\nBus Location: \t %s\nDevice Minor: \t %d\nGPU Excluded:\t No",
			d.model, 100+minor, d.uuid, d.address, minor))
		f.set(fmt.Sprintf("dev/nvidia%d", minor), "")
	}
}
