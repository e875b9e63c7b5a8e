package topo

import (
	"errors"
	"slices"

	"github.com/sluicerun/sluice/job"
)

// Machine is what was found below one root. Lists are in ascending order of
// their numbers or addresses, but for Caches.
type Machine struct {
	// Model is the processor's name, of the first one where there are several.
	Model string `json:"model,omitempty"`
	// Possible are the CPUs that there could ever be, Online those that run now.
	Possible job.CPUList `json:"possible"`
	Online   job.CPUList `json:"online"`
	// Memory is in bytes, 0 where it is not known.
	Memory   int64     `json:"memory,omitempty"`
	Packages []Package `json:"packages"`
	Nodes    []Node    `json:"nodes"`
	Cores    []Core    `json:"cores"`
	// Caches are in the order of the CPUs that have them and then of the
	// kernel's index directories; each one stands here once.
	Caches  []Cache   `json:"caches"`
	Devices []Device  `json:"devices"`
	GPUs    []GPU     `json:"gpus"`
	Missing []Missing `json:"missing,omitempty"`
	// HasDev tells that there is a /dev: what is not in it cannot be used.
	HasDev bool `json:"has_dev,omitempty"`
}

// Package is what sits in one socket.
type Package struct {
	// ID is the kernel's number; -1 stands for "not known".
	ID   int         `json:"id"`
	CPUs job.CPUList `json:"cpus"`
	Dies []Die       `json:"dies"`
}

// Die is one piece of silicon, or what the kernel takes for one.
type Die struct {
	ID   int         `json:"id"`
	CPUs job.CPUList `json:"cpus"`
}

// Node is a NUMA node.
type Node struct {
	ID int `json:"id"`
	// CPUs are those that are online. A node of memory alone has none.
	CPUs job.CPUList `json:"cpus"`
	// Memory is in bytes; 0 is a node without any, or one that does not tell.
	Memory int64 `json:"memory"`
	// Distance holds one number for each of Machine.Nodes, in their order: 10
	// is here, 20 is twice as far. It is empty where it is not known.
	Distance []int `json:"distance,omitempty"`
}

// Core is a physical core.
type Core struct {
	// Key is the lowest CPU of the core, online or not.
	Key int `json:"key"`
	// CPUs are its hardware threads that are online.
	CPUs job.CPUList `json:"cpus"`
	// Package is -1 where it is not known, and so is Node.
	Package int      `json:"package"`
	Node    int      `json:"node"`
	Kind    CoreKind `json:"kind,omitempty"`
}

// CoreKind tells cores apart on machines that have several kinds.
type CoreKind string

// The kinds of cores. Where there is but one kind, it is "".
const (
	Performance CoreKind = "performance"
	Efficiency  CoreKind = "efficiency"
)

// Cache is one cache and the CPUs that share it.
type Cache struct {
	Level int `json:"level"`
	// Type is Data, Instruction or Unified.
	Type string `json:"type"`
	// Size is in bytes, 0 where it is not known.
	Size int64       `json:"size,omitempty"`
	CPUs job.CPUList `json:"cpus"`
}

// Device is a PCI device that a worker may want to be near: a display
// controller or accelerator, a network card, an NVMe disk.
type Device struct {
	// Address is domain:bus:device.function as in sysfs: "0000:1b:00.0".
	Address string     `json:"address"`
	Kind    DeviceKind `json:"kind"`
	// Class is the 24-bit PCI class; Vendor and Device are the ids.
	Class  int `json:"class"`
	Vendor int `json:"vendor"`
	Device int `json:"device"`
	// Driver is the kernel's driver, "none", or "" where it is not known.
	Driver string `json:"driver,omitempty"`
	// Names are the device's interfaces: "eth0", "mlx5_0", "nvme0".
	Names []string `json:"names,omitempty"`
	// Node is the NUMA node, -1 where the firmware does not tell.
	Node int `json:"node"`
	// CPUs are those near the device.
	CPUs job.CPUList `json:"cpus"`
}

// DeviceKind is what a PCI device is good for.
type DeviceKind string

// The kinds of devices that are read.
const (
	Display     DeviceKind = "display"     // PCI class 03
	Accelerator DeviceKind = "accelerator" // 12
	Network     DeviceKind = "network"     // 02
	NVMe        DeviceKind = "nvme"        // 0108
)

// GPU is a device that programs compute on: NVIDIA's by PCI, AMD's by their
// compute driver (KFD).
type GPU struct {
	// Vendor is NVIDIA or AMD.
	Vendor  string `json:"vendor"`
	Address string `json:"address"`
	Model   string `json:"model,omitempty"`
	// UUID is the driver's name for this one: "GPU-8f2e...".
	UUID string `json:"uuid,omitempty"`
	// Minor is the number in the name of the device file, -1 where it is not
	// known.
	Minor int `json:"minor"`
	// Dev is the device file, "" where there is none (in a container that was
	// not given this GPU).
	Dev string `json:"dev,omitempty"`
	// Driver is Device.Driver.
	Driver string `json:"driver,omitempty"`
	// Node is the NUMA node, -1 where the firmware does not tell.
	Node int `json:"node"`
}

// The vendors of GPUs.
const (
	NVIDIA = "nvidia"
	AMD    = "amd"
)

var errNoMachine = errors.New("there is no machine: give what Read returned")

// Missing is a file that could not be read.
type Missing struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	// More counts further files that differ from Path in numbers alone.
	More int `json:"more,omitempty"`
}

// node finds a node by its number.
func (m *Machine) node(id int) (Node, bool) {
	i := m.nodeIndex(id)
	if i < 0 {
		return Node{}, false
	}
	return m.Nodes[i], true
}

func (m *Machine) nodeIndex(id int) int {
	return slices.IndexFunc(m.Nodes, func(n Node) bool { return n.ID == id })
}

// nodeOf is the node that a CPU belongs to, or -1.
func (m *Machine) nodeOf(cpu int) int {
	for _, n := range m.Nodes {
		if n.CPUs.Contains(cpu) {
			return n.ID
		}
	}
	return -1
}

// nearest is the node nearest to a node, itself included, that fits. Of nodes
// that are as near, or whose distance is not known, the lowest one wins.
func (m *Machine) nearest(id int, fits func(Node) bool) (Node, bool) {
	from, known := m.node(id)
	best, bestDistance, found := Node{}, 0, false
	for i, n := range m.Nodes {
		d := 255 // as far as can be: the kernel's distances are bytes
		switch {
		case n.ID == id:
			d = 0
		case known && i < len(from.Distance):
			d = from.Distance[i]
		}
		if fits(n) && (!found || d < bestDistance) {
			best, bestDistance, found = n, d, true
		}
	}
	return best, found
}
