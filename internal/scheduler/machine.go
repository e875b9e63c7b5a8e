package scheduler

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strings"
)

// MachineNames are the names of this machine: the host name, then those that
// /etc/hosts has on the same lines.
func MachineNames() []string {
	host, err := os.Hostname()
	if err != nil {
		return nil
	}
	f, err := os.Open("/etc/hosts")
	if err != nil {
		return []string{host}
	}
	defer f.Close()
	return namesOf(host, f)
}

// namesOf reads a hosts file: an address and its names on each line.
func namesOf(host string, hosts io.Reader) []string {
	names := []string{host}
	for lines := bufio.NewScanner(hosts); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !slices.Contains(fields[1:], host) {
			continue
		}
		for _, name := range fields[1:] {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
