package topo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const kfdDir = "sys/class/kfd/kfd/topology/nodes"

// parseProperties reads the "key value" lines of a KFD node.
func parseProperties(s string) (map[string]uint64, error) {
	out := map[string]uint64{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, " ")
		if line == "" {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if !ok || err != nil {
			return nil, notA("property and its number", line)
		}
		out[key] = n
	}
	return out, nil
}

// parseGPUID reads KFD's own id of a GPU, 0 for a node of CPUs.
func parseGPUID(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, notA("GPU id", s)
	}
	return n, nil
}

// readAMD finds AMD's GPUs in the order of KFD's nodes, which is HIP's. The
// kernel refuses to show the properties of a GPU whose device file the cgroup
// does not allow; such a one is noted as missing, and is not visible to HIP
// either.
func readAMD(t *tree, m *Machine) {
	if !t.has(kfdDir) {
		return
	}
	for _, id := range t.numbered(kfdDir, "") {
		dir := fmt.Sprintf("%s/%d/", kfdDir, id)
		if gpu, ok := parsed(t, dir+"gpu_id", parseGPUID); !ok || gpu == 0 {
			continue
		}
		props, ok := parsed(t, dir+"properties", parseProperties)
		if !ok {
			continue
		}
		loc := props["location_id"]
		g := GPU{Vendor: AMD, Address: formatAddress(props["domain"]&0xffffffff, loc>>8&0xff, loc>>3&0x1f, loc&7), Minor: -1, Node: -1}
		if n, ok := props["drm_render_minor"]; ok && n < 1<<20 {
			g.Minor = int(n)
			if dev := fmt.Sprintf("dev/dri/renderD%d", n); t.has(dev) {
				g.Dev = "/" + dev
			}
		}
		if n := props["unique_id"]; n != 0 {
			g.UUID = fmt.Sprintf("GPU-%016x", n)
		}
		if text, ok := t.text(dir + "name"); ok {
			g.Model = oneLine(text)
		}
		if i := slices.IndexFunc(m.Devices, func(d Device) bool { return d.Address == g.Address }); i >= 0 {
			g.Node, g.Driver = m.Devices[i].Node, m.Devices[i].Driver
		}
		m.GPUs = append(m.GPUs, g)
	}
}
