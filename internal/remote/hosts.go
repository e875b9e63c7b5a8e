package remote

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Host is a place for workers.
type Host struct {
	Name    string // as ssh takes it: a name or an alias, with USER@ if need be
	Workers int    // 0: as many as other hosts without a number
}

func (h Host) String() string {
	if h.Workers == 0 {
		return h.Name
	}
	return h.Name + ":" + strconv.Itoa(h.Workers)
}

// MaxHosts is how many hosts a run can have, as each has an ssh of its own.
const MaxHosts = 4096

// ParseHosts reads HOST[:WORKERS],... An address of IPv6 stands in brackets.
func ParseHosts(text string) ([]Host, error) {
	var list []Host
	for _, word := range strings.Split(text, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			return nil, errors.New("a host is missing: write HOST[:WORKERS],HOST[:WORKERS]")
		}
		h, err := parseHost(word)
		if err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, check(list)
}

// ReadHosts reads a file of hosts: HOST[:WORKERS] or HOST slots=WORKERS a line, as
// mpirun has them; "#" begins a comment.
func ReadHosts(r io.Reader) ([]Host, error) {
	var list []Host
	lines := bufio.NewScanner(r)
	for at := 1; lines.Scan(); at++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		h, err := parseHost(words[0])
		for _, word := range words[1:] {
			if err != nil {
				break
			}
			slots, ok := strings.CutPrefix(word, "slots=")
			switch {
			case !ok:
				err = fmt.Errorf("%q is not understood: write HOST:WORKERS or HOST slots=WORKERS", word)
			case h.Workers != 0:
				err = fmt.Errorf("the number of workers on %s is given twice", h.Name)
			default:
				h.Workers, err = parseWorkers(h.Name, slots)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		list = append(list, h)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the hosts: %w", err)
	}
	return list, check(list)
}

// check refuses lists that cannot be meant.
func check(list []Host) error {
	switch {
	case len(list) == 0:
		return errors.New("no host is named")
	case len(list) > MaxHosts:
		return fmt.Errorf("%d hosts are named; %d is the most", len(list), MaxHosts)
	}
	seen := map[string]bool{}
	for _, h := range list {
		if seen[h.Name] {
			return fmt.Errorf("%s is named twice: give its workers as one number, %s:N", h.Name, h.Name)
		}
		seen[h.Name] = true
	}
	return nil
}

func parseHost(word string) (Host, error) {
	user, place := "", word
	if i := strings.LastIndexByte(word, '@'); i >= 0 {
		user, place = word[:i+1], word[i+1:]
	}
	name, workers, counted := strings.Cut(place, ":")
	if rest, bracket := strings.CutPrefix(place, "["); bracket {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return Host{}, fmt.Errorf("%q: the closing bracket is missing", word)
		}
		name, place = rest[:end], rest[end+1:]
		if workers, counted = strings.CutPrefix(place, ":"); !counted && place != "" {
			return Host{}, fmt.Errorf("%q: write [ADDRESS]:WORKERS", word)
		}
	} else if strings.Count(place, ":") > 1 {
		return Host{}, fmt.Errorf("%q: an address of IPv6 stands in brackets, as in [fe80::1]:8", word)
	}
	h := Host{Name: user + name}
	if err := checkName(user, name); err != nil {
		return Host{}, fmt.Errorf("%q: %w", word, err)
	}
	var err error
	if counted {
		h.Workers, err = parseWorkers(h.Name, workers)
	}
	return h, err
}

// checkName refuses what ssh or its configuration would take for something else
// than a name.
func checkName(user, name string) error {
	all := user + name
	switch {
	case name == "" || user == "@":
		return errors.New("a host has a name")
	case all[0] == '-':
		return errors.New("a host does not begin with \"-\"")
	}
	for _, r := range all {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("'\"`$\\;&|<>()*?!{}#,", r) {
			return fmt.Errorf("a host has no %q in its name", r)
		}
	}
	return nil
}

func parseWorkers(host, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1<<16 {
		return 0, fmt.Errorf("%s: %q is not a number of workers", host, text)
	}
	return n, nil
}
