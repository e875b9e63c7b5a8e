package topo

import (
	"cmp"
	"slices"
	"strings"
)

const pciDir = "sys/bus/pci/devices"

// readDevices reads the PCI devices that matter. Servers have thousands that do
// not, so the class is looked at first.
func readDevices(t *tree, m *Machine) {
	for _, name := range t.entries(pciDir) {
		dir := pciDir + "/" + name + "/"
		class, ok := parsed(t, dir+"class", parseID)
		kind := kindOf(class)
		if !ok || kind == "" {
			continue
		}
		address, err := parseAddress(name)
		if err != nil {
			t.bad(dir, err)
			return
		}
		d := Device{Address: address, Kind: kind, Class: class, Node: -1}
		d.Vendor, _ = parsed(t, dir+"vendor", parseID)
		d.Device, _ = parsed(t, dir+"device", parseID)
		if file := dir + "uevent"; t.has(file) {
			d.Driver, _ = parsed(t, file, parseDriver)
		}
		if file := dir + "numa_node"; t.has(file) {
			d.Node = max(t.number(file, -1), -1)
		}
		if file := dir + "local_cpulist"; t.has(file) {
			d.CPUs, _ = t.list(file)
		}
		for _, sub := range []string{"infiniband", "net", "nvme"} {
			if t.has(dir + sub) {
				for _, name := range t.entries(dir + sub) {
					d.Names = append(d.Names, oneLine(name))
				}
			}
		}
		m.Devices = append(m.Devices, d)
	}
	slices.SortFunc(m.Devices, func(a, b Device) int { return compareAddresses(a.Address, b.Address) })
}

// kindOf sorts by PCI class (PCI Code and ID Assignment Specification).
func kindOf(class int) DeviceKind {
	switch {
	case class>>16 == 0x03:
		return Display
	case class>>16 == 0x12:
		return Accelerator
	case class>>16 == 0x02:
		return Network
	case class>>8 == 0x0108:
		return NVMe
	}
	return ""
}

// compareAddresses orders by number: a domain may have more than four digits.
func compareAddresses(a, b string) int {
	return cmp.Or(cmp.Compare(strings.IndexByte(a, ':'), strings.IndexByte(b, ':')), cmp.Compare(a, b))
}
