package topo

import (
	"fmt"
	"slices"
	"strings"
)

const (
	nvidiaDir    = "proc/driver/nvidia/gpus"
	nvidiaVendor = 0x10de
)

func readGPUs(t *tree, m *Machine) {
	readNVIDIA(t, m)
	readAMD(t, m)
}

// information is what the driver tells of a GPU in
// /proc/driver/nvidia/gpus/ADDRESS/information.
type information struct {
	model, uuid string
	minor       int
}

// parseInformation reads "Key: value" lines; keys that are not there leave their
// fields empty, and minor at -1.
func parseInformation(s string) (information, error) {
	info := information{minor: -1}
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(line, ":")
		value = oneLine(value)
		switch strings.TrimSpace(key) {
		case "Model":
			info.model = value
		case "GPU UUID":
			// Question marks stand for it until the GPU is initialised.
			if !strings.Contains(value, "?") {
				info.uuid = value
			}
		case "Device Minor":
			n, err := parseInt(value)
			if err != nil || n < 0 {
				return info, notA("device minor", value)
			}
			info.minor = n
		}
	}
	return info, nil
}

// readNVIDIA finds NVIDIA's GPUs. The driver's own list says which ones it has;
// without it (in a container that hides it) PCI does, and the minor number is
// the place in the order of addresses, as the driver counts.
func readNVIDIA(t *tree, m *Machine) {
	known := map[string]information{}
	listed := t.has(nvidiaDir)
	if listed {
		for _, name := range t.entries(nvidiaDir) {
			address, err := parseAddress(name)
			if err != nil {
				t.bad(nvidiaDir+"/"+name, err)
				return
			}
			info, ok := parsed(t, nvidiaDir+"/"+name+"/information", parseInformation)
			if !ok {
				info.minor = -1
			}
			known[address] = info
		}
	}
	add := func(g GPU) {
		g.Vendor = NVIDIA
		if dev := fmt.Sprintf("dev/nvidia%d", g.Minor); g.Minor >= 0 && t.has(dev) {
			g.Dev = "/" + dev
		}
		m.GPUs = append(m.GPUs, g)
	}
	count := 0
	for _, d := range m.Devices {
		if d.Kind != Display || d.Vendor != nvidiaVendor {
			continue
		}
		g := GPU{Address: d.Address, Node: d.Node, Driver: d.Driver, Minor: count}
		count++
		if info, ok := known[d.Address]; ok {
			g.Model, g.UUID, g.Minor = info.model, info.uuid, info.minor
			delete(known, d.Address)
		} else if listed {
			g.Minor = -1 // somebody else has it, a virtual machine perhaps
			if g.Driver == "" || g.Driver == "nvidia" {
				g.Driver = "none"
			}
		}
		add(g)
	}
	// What PCI does not show: some sandboxes have no /sys/bus/pci.
	for address, info := range known {
		add(GPU{Address: address, Model: info.model, UUID: info.uuid, Minor: info.minor, Node: -1})
	}
	slices.SortFunc(m.GPUs, func(a, b GPU) int { return compareAddresses(a.Address, b.Address) })
}
