package topo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseInt reads a decimal number as the kernel prints %d.
func parseInt(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, notA("number", s)
	}
	return int(n), nil
}

// parseID reads a hexadecimal number with its prefix: "0x10de". PCI's ids have
// 16 bits and its classes 24.
func parseID(s string) (int, error) {
	hex, ok := strings.CutPrefix(s, "0x")
	n, err := strconv.ParseUint(hex, 16, 24)
	if !ok || err != nil {
		return 0, notA("PCI id", s)
	}
	return int(n), nil
}

func notA(what, s string) error {
	if s == "" {
		return fmt.Errorf("it is empty and should be a %s", what)
	}
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return fmt.Errorf("%q is no %s", s, what)
}

// parseSize reads a cache's size, "32K", in bytes.
func parseSize(s string) (int64, error) {
	digits, shift := s, 0
	for unit, bits := range map[string]int{"K": 10, "M": 20, "G": 30} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			digits, shift = rest, bits
		}
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, notA("size of a cache", s)
	}
	return int64(n) << shift, nil
}

func parseCacheType(s string) (string, error) {
	switch s {
	case "Data", "Instruction", "Unified":
		return s, nil
	}
	return "", notA("type of a cache", s)
}

// parseMemTotal finds MemTotal in /proc/meminfo or a node's meminfo, whose lines
// begin with "Node 0". The unit is bytes.
func parseMemTotal(s string) (int64, error) {
	for line := range strings.Lines(s) {
		_, value, ok := strings.Cut(line, "MemTotal:")
		if !ok {
			continue
		}
		kib, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseUint(kib, 10, 52)
		if err != nil || strings.TrimSpace(unit) != "kB" {
			return 0, notA("MemTotal in kB", strings.TrimSpace(value))
		}
		return int64(n) << 10, nil
	}
	return 0, errors.New("it has no line MemTotal")
}

// parseDistances reads a node's distances to all nodes that are online.
func parseDistances(s string) ([]int, error) {
	var out []int
	for _, field := range strings.Fields(s) {
		n, err := strconv.ParseUint(field, 10, 31)
		if err != nil {
			return nil, notA("distance", field)
		}
		out = append(out, int(n))
	}
	return out, nil
}

// parseModel finds the processor's name in /proc/cpuinfo; "" where the
// architecture has no such line.
func parseModel(s string) (string, error) {
	for line := range strings.Lines(s) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == "model name" {
			return oneLine(value), nil
		}
	}
	return "", nil
}

// parseDriver finds a device's driver in its uevent file.
func parseDriver(s string) (string, error) {
	for line := range strings.Lines(s) {
		if name, ok := strings.CutPrefix(line, "DRIVER="); ok {
			return oneLine(name), nil
		}
	}
	return "none", nil
}

// oneLine makes a name that comes from outside fit to be shown.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.Join(strings.Fields(s), " ")
}

// parseAddress reads domain:bus:device.function and gives it as sysfs does.
func parseAddress(s string) (string, error) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '.' })
	if len(parts) != 4 || strings.Count(s, ":") != 2 || strings.Count(s, ".") != 1 {
		return "", notA("PCI address", s)
	}
	var n [4]uint64
	for i, bits := range [4]int{32, 8, 5, 3} {
		v, err := strconv.ParseUint(parts[i], 16, bits)
		if err != nil {
			return "", notA("PCI address", s)
		}
		n[i] = v
	}
	return formatAddress(n[0], n[1], n[2], n[3]), nil
}

func formatAddress(domain, bus, device, function uint64) string {
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, device, function)
}
