package topo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// VisibleGPUs are the GPUs that a program on m would count, in the order in
// which it would number them. lookup is os.LookupEnv or stands in for it (nil: none
// is set): an empty variable hides all GPUs, one that is not set hides none.
//
// For NVIDIA's, CUDA_VISIBLE_DEVICES is read as PyTorch and CUDA do: numbers,
// or UUIDs of GPUs that may be cut short as long as they are clear. The first
// entry that makes no sense ends the list, and one that stands there twice
// empties it. NVIDIA_VISIBLE_DEVICES says what a container is given, not what
// CUDA shows, and plays no part: what a container was not given has no device
// file and is left out. An entry "MIG-..." is a slice of a
// GPU and counts as a GPU; CUDA shows a process the first one alone, so that
// each worker needs its own.
//
// For AMD's, ROCR_VISIBLE_DEVICES chooses first and HIP_VISIBLE_DEVICES, or
// CUDA_VISIBLE_DEVICES where that is not set, among what is left. On a machine
// that has both, NVIDIA's count.
//
// doubt is "" or says in one sentence what cannot be known without asking CUDA.
// CUDA numbers the fastest GPU 0 unless CUDA_DEVICE_ORDER is PCI_BUS_ID. Among
// GPUs of one model that is the order of addresses too; among several it is not
// known, and the order of addresses is given.
func VisibleGPUs(m *Machine, lookup func(string) (string, bool)) (gpus []GPU, doubt string) {
	if m == nil {
		return nil, ""
	}
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	gpus = usable(m, NVIDIA)
	if len(gpus) > 0 {
		list, set := lookup("CUDA_VISIBLE_DEVICES")
		if !set {
			list = everyOrdinal(len(gpus))
		}
		order, _ := lookup("CUDA_DEVICE_ORDER")
		if byNumber(list) && order != "PCI_BUS_ID" && slices.ContainsFunc(gpus, func(g GPU) bool { return g.Model != gpus[0].Model }) {
			doubt = "the GPUs are of several models and CUDA puts the fastest first: set CUDA_DEVICE_ORDER=PCI_BUS_ID to know which is which"
		}
		visible, more := selectGPUs(gpus, list)
		if more != "" {
			doubt = more
		}
		return visible, doubt
	}
	gpus = usable(m, AMD)
	for _, names := range [][]string{{"ROCR_VISIBLE_DEVICES"}, {"HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"}} {
		for _, name := range names {
			if list, set := lookup(name); set {
				var more string
				if gpus, more = selectGPUs(gpus, list); more != "" {
					doubt = more
				}
				break
			}
		}
	}
	return gpus, doubt
}

// usable leaves out what the vendor's driver does not have, and what this
// container was not given. On a packed machine without any /dev that is unknown.
func usable(m *Machine, vendor string) []GPU {
	var out []GPU
	given := m.HasDev
	for _, g := range m.GPUs {
		if g.Vendor == vendor && (vendor != NVIDIA || g.Driver == "" || g.Driver == "nvidia") {
			out = append(out, g)
			given = given || g.Dev != ""
		}
	}
	if given {
		out = slices.DeleteFunc(out, func(g GPU) bool { return g.Dev == "" })
	}
	return out
}

func everyOrdinal(n int) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	return strings.Join(texts, ",")
}

const (
	gpuPrefix = "GPU-"
	migPrefix = "MIG-"
)

func byNumber(list string) bool {
	return !strings.HasPrefix(list, gpuPrefix) && !strings.HasPrefix(list, migPrefix)
}

// selectGPUs applies the text of a variable.
func selectGPUs(gpus []GPU, list string) (out []GPU, doubt string) {
	switch {
	case strings.HasPrefix(list, gpuPrefix):
		return selectUUIDs(gpus, parseNames(list, gpuPrefix))
	case strings.HasPrefix(list, migPrefix):
		return selectMIG(gpus, parseNames(list, migPrefix))
	}
	for _, n := range parseOrdinals(list) {
		if n >= len(gpus) {
			break
		}
		out = append(out, gpus[n])
	}
	return out, ""
}

// parseOrdinals reads numbers with something like strtoul: what follows the
// digits does not matter, an entry without digits or below 0 ends the list, and
// a number that was there before empties it.
func parseOrdinals(list string) []int {
	var out []int
	for entry := range strings.SplitSeq(list, ",") {
		n := leadingInt(strings.TrimSpace(entry))
		if n < 0 {
			break
		}
		if slices.Contains(out, n) {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// leadingInt is the number that s begins with, or -1. Numbers that no machine
// has GPUs for are all alike.
func leadingInt(s string) int {
	const many = 1 << 20
	digits, negative := s, false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits, negative = s[1:], s[0] == '-'
	}
	n, i := 0, 0
	for i < len(digits) && '0' <= digits[i] && digits[i] <= '9' {
		n = min(n*10+int(digits[i]-'0'), many)
		i++
	}
	if i == 0 || negative && n > 0 {
		return -1
	}
	return n
}

// parseNames reads entries that begin with prefix. Another one ends the list,
// one that was there before empties it.
func parseNames(list, prefix string) []string {
	var out []string
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if slices.Contains(out, entry) {
			return nil
		}
		if !strings.HasPrefix(entry, prefix) {
			break
		}
		out = append(out, entry)
	}
	return out
}

func selectUUIDs(gpus []GPU, names []string) (out []GPU, doubt string) {
	for _, name := range names {
		found, unknown := -1, false
		for i, g := range gpus {
			unknown = unknown || g.UUID == ""
			if g.UUID == "" || !strings.HasPrefix(strings.ToLower(g.UUID), strings.ToLower(name)) {
				continue
			}
			if found >= 0 {
				return out, "" // it could be either: CUDA stops here
			}
			found = i
		}
		switch {
		case found < 0 && unknown:
			return out, fmt.Sprintf("the UUIDs of some GPUs cannot be read here, so nobody knows which one is %s: name them by number", clipped(oneLine(name)))
		case found < 0:
			return out, ""
		case slices.ContainsFunc(out, func(g GPU) bool { return g.Address == gpus[found].Address }):
			return nil, ""
		}
		out = append(out, gpus[found])
	}
	return out, ""
}

// selectMIG takes each entry for one slice. Where the GPU is part of the name
// (MIG-GPU-UUID/3/0, before driver 470) or there is but one, the slice is known
// to be near that GPU's node.
func selectMIG(gpus []GPU, names []string) (out []GPU, doubt string) {
	for _, name := range names {
		slice := GPU{Vendor: NVIDIA, Model: "MIG slice", UUID: oneLine(name), Minor: -1, Node: -1}
		uuid, _, _ := strings.Cut(strings.TrimPrefix(name, migPrefix), "/")
		i := slices.IndexFunc(gpus, func(g GPU) bool { return g.UUID != "" && g.UUID == uuid })
		if i < 0 && len(gpus) == 1 {
			i = 0
		}
		if i >= 0 {
			slice.Address, slice.Minor, slice.Dev, slice.Node = gpus[i].Address, gpus[i].Minor, gpus[i].Dev, gpus[i].Node
			slice.Model = strings.TrimSpace(gpus[i].Model + " MIG slice")
		} else {
			doubt = "the name of a MIG slice does not tell which GPU it is part of, so its NUMA node is not known"
		}
		out = append(out, slice)
	}
	return out, doubt
}
