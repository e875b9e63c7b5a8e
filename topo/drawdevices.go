package topo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// devices are the lines of a node's GPUs and other devices.
func (d *drawing) devices(node, width int) []string {
	return d.deviceLines(width, func(n int) bool { return n == node })
}

// lost are the lines of devices at no node, or at one that is not there.
func (d *drawing) lost(width int) []string {
	lines := d.deviceLines(width, func(n int) bool { return d.m.nodeIndex(n) < 0 })
	if len(lines) == 0 {
		return nil
	}
	return append([]string{"node not known:"}, lines...)
}

// deviceLines puts GPUs of one model on a line, and then other devices of one
// kind.
func (d *drawing) deviceLines(width int, here func(node int) bool) []string {
	var lines []string
	add := func(text string) { lines = append(lines, d.indent(text, width)...) }
	isGPU := map[string]bool{}
	var models []string
	byModel := map[string][]int{}
	for i, g := range d.m.GPUs {
		isGPU[g.Address] = true
		if !here(g.Node) {
			continue
		}
		model := g.Model
		if model == "" {
			model = g.Vendor + " GPU"
		}
		if byModel[model] == nil {
			models = append(models, model)
		}
		byModel[model] = append(byModel[model], i)
	}
	for _, model := range models {
		indexes := byModel[model]
		text := fmt.Sprintf("GPU %s: %s%s  ", job.FormatRanks(indexes), model, d.several(len(indexes)))
		for i, index := range indexes {
			if i > 0 {
				text += " "
			}
			text += shortAddress(d.m.GPUs[index].Address)
		}
		add(text)
	}
	for _, kind := range []DeviceKind{Display, Accelerator, Network, NVMe} {
		var names []string
		for _, dev := range d.m.Devices {
			if dev.Kind != kind || !here(dev.Node) || isGPU[dev.Address] {
				continue
			}
			name := strings.Join(slices.Compact(slices.Clone(dev.Names)), "/")
			if name == "" {
				name = shortAddress(dev.Address)
			}
			names = append(names, name)
		}
		if len(names) > 0 {
			add(fmt.Sprintf("%s%s: %s", kind, d.several(len(names)), strings.Join(names, " ")))
		}
	}
	return lines
}

// several is " x8", or nothing for one.
func (d *drawing) several(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("%s%d", d.times, n)
}

// shortAddress leaves the domain out where it is the usual one.
func shortAddress(address string) string { return strings.TrimPrefix(address, "0000:") }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// memory rounds: what the firmware keeps for itself makes odd numbers.
func memory(n int64) string {
	const mib, gib, tib = 1 << 20, 1 << 30, 1 << 40
	switch {
	case n >= 4*tib:
		return fmt.Sprintf("%.1f TiB", float64(n)/tib)
	case n >= 10*gib:
		return fmt.Sprintf("%d GiB", (n+gib/2)/gib)
	case n >= gib:
		return fmt.Sprintf("%.1f GiB", float64(n)/gib)
	}
	return fmt.Sprintf("%d MiB", (n+mib/2)/mib)
}

// bytesText is exact, as caches are.
func bytesText(n int64) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n > 1<<20 && n%(1<<18) == 0:
		return fmt.Sprintf("%.2f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
