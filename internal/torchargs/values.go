package torchargs

import (
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// nodes reads N or MIN:MAX.
func (v setting) nodes() (least, most int, err error) {
	const allowed = "write N, or MIN:MAX with 0 < MIN <= MAX"
	parts := strings.Split(v.text, ":")
	if len(parts) > 2 {
		return 0, 0, v.errorf(allowed, "%s is not in MIN:MAX format", shown(v.text))
	}
	var n [2]int
	for i := range n {
		part := parts[min(i, len(parts)-1)]
		if n[i], err = parseInt(part); err != nil {
			return 0, 0, v.errorf(allowed, "invalid int value: %s", shown(part))
		}
	}
	if n[0] <= 0 || n[0] > n[1] {
		return 0, 0, v.errorf(allowed, "%s is no range of nodes", shown(v.text))
	}
	return n[0], n[1], nil
}

// nproc reads a number or what to count.
func (v setting) nproc() (Nproc, error) {
	const allowed = "write a number of at least 1, or auto, cpu or gpu"
	n, err := parseInt(v.text)
	switch {
	case err == nil && (n < 1 || n > job.MaxRank):
		return Nproc{}, v.errorf(allowed, "%d is no number of workers", n)
	case err == nil:
		return Nproc{Count: n}, nil
	case slices.Contains([]string{"auto", "cpu", "gpu"}, v.text):
		return Nproc{Device: v.text}, nil
	case v.text == "xpu":
		return Nproc{}, v.errorf("write their number instead", "xpu: devices of this kind cannot be counted")
	}
	return Nproc{}, v.errorf(allowed, "unsupported value: %s", shown(v.text))
}

// std reads a digit for every rank, or RANK:DIGIT,...
// Ranks that are not named get none; of several for a rank the last one decides.
func (v setting) std() (job.StreamSpec, error) {
	spec, ok := parseStd(v.text)
	if !ok {
		return spec, v.errorf("write 0 (none), 1 (stdout), 2 (stderr) or 3 (both), or these by local rank: 0:3,1:2",
			"%s names no streams", shown(v.text))
	}
	return spec, nil
}

func parseStd(s string) (job.StreamSpec, bool) {
	digit := func(s string) bool { return len(s) == 1 && s[0] >= '0' && s[0] <= '3' }
	if !digit(s) {
		for item := range strings.SplitSeq(s, ",") {
			// torchrun takes ranks of one digit alone, which leaves out half of
			// a machine with 16 devices.
			rank, std, _ := strings.Cut(item, ":")
			if rank == "" || strings.Trim(rank, "0123456789") != "" || !digit(std) {
				return job.StreamSpec{}, false
			}
		}
	}
	spec, err := job.ParseStreamSpec(s) // of which the above is a part
	return spec, err == nil
}

// localRanks reads a comma list of integers; empty is no filter. Negative ones
// are no worker's.
func (v setting) localRanks() (job.RankSet, error) {
	if v.text == "" {
		return job.RankSet{}, nil
	}
	var ranks []int
	for item := range strings.SplitSeq(v.text, ",") {
		n, err := parseInt(item)
		if err != nil {
			return job.RankSet{}, v.errorf("write local ranks with commas between them, such as 0,1,2",
				"%s is no integer", shown(item))
		}
		ranks = append(ranks, n)
	}
	return job.Ranks(ranks...), nil
}

func (v setting) ranks() (job.RankSet, error) {
	if v.text == "" {
		return job.RankSet{}, nil
	}
	set, err := job.ParseRankSet(v.text)
	if err != nil {
		return set, v.errorf("", "%v", err)
	}
	return set, nil
}

// filters reads texts with commas between them; two commas are one in the text.
func (v setting) filters() ([]string, error) {
	if v.text == "" {
		return nil, nil
	}
	var list []string
	var item strings.Builder
	for i := 0; i <= len(v.text); i++ {
		switch {
		case strings.HasPrefix(v.text[i:], ",,"):
			item.WriteByte(',')
			i++
		case i < len(v.text) && v.text[i] != ',':
			item.WriteByte(v.text[i])
		case item.Len() == 0: // every line holds the empty text
			return nil, v.errorf("write a comma that is part of a text as ,,", "%s: one of the texts is empty", shown(v.text))
		default:
			list = append(list, item.String())
			item.Reset()
		}
	}
	return list, nil
}

func (v setting) logsSpecs() error {
	if v.from == "" || v.text == "default" {
		return nil
	}
	return v.errorf("leave it out; --log-dir, --redirects and --tee say where output goes",
		"there is no %s: it would be a plug-in in Python", shown(v.text))
}

func (v setting) eventHandler() error {
	if slices.Contains([]string{"null", "console", "dynamic_rendezvous"}, v.text) {
		return nil
	}
	return v.errorf("write null, console or dynamic_rendezvous", "there is no handler %s", shown(v.text))
}

func (v setting) backend() error {
	switch v.text {
	case "static", "c10d":
		return nil
	case "etcd", "etcd-v2":
		return v.errorf("write c10d, or give each node its number: --node-rank R --master-addr HOST (of node 0) --master-port PORT", "%s is not supported", v.text)
	}
	return v.errorf("write static or c10d; others are plug-ins in Python", "there is no backend %s", shown(v.text))
}

// port reads a port; the default, no text, is -1.
func (v setting) port() (int, error) {
	if v.from == "" {
		return -1, nil
	}
	n, err := v.int()
	if err == nil && (n < 0 || n > 65535) {
		err = v.errorf("", "%d is no port: write 0 to 65535", n)
	}
	return n, err
}

// handledSignals reads the signals that end the run. As with torchrun, what
// cannot be handled is left out with a warning.
func (a *Args) handledSignals(v setting) []job.Signal {
	var list []job.Signal
	for item := range strings.SplitSeq(v.text, ",") {
		sig, err := catchable(item)
		if err != nil {
			a.warn(v.errorf("", "%v; it is left out", err).Error())
			continue
		}
		if !slices.Contains(list, sig) {
			list = append(list, sig)
		}
	}
	return list
}

// forwarded reads the signals that are passed on.
func (v setting) forwarded() ([]job.Signal, error) {
	if v.text == "" {
		return nil, nil
	}
	var list []job.Signal
	for item := range strings.SplitSeq(v.text, ",") {
		sig, err := catchable(item)
		if err != nil {
			return nil, v.errorf("write signals with commas between them, such as USR1,USR2", "%v", err)
		}
		if !slices.Contains(list, sig) {
			list = append(list, sig)
		}
	}
	return list, nil
}

func catchable(name string) (job.Signal, error) {
	sig, err := job.ParseSignal(name)
	if err == nil && (sig == job.SIGKILL || sig == job.SIGSTOP) {
		err = usagef("", "%v cannot be caught", sig)
	}
	return sig, err
}
