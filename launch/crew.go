package launch

import (
	"os"
	"strconv"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

// batch is the largest crew: enough to tell the guard of many at once, few
// enough not to need their ends all open.
const batch = 32

// crew is some workers that are started one after the other without a pause.
type crew struct {
	locals []int
	files  [][3]*os.File
	ends   [][]*os.File // the workers' own, until they have started
	cmds   []*proc.Cmd
}

// cutCrew takes the next crew off the local ranks.
func cutCrew(locals []int, size int) (crew, rest []int) {
	n := min(size, len(locals))
	return locals[:n], locals[n:]
}

// startWorkers starts some local ranks' lives number life, crew by crew: while
// one is being executed, the files and pipes of the next are made. The first
// crew is one worker, which need not wait for those of all others.
func (h *Handle) startWorkers(locals []int, life int) error {
	var later []*worker
	defer func() {
		for _, w := range later {
			h.exits <- w // it came from there, so there is room
		}
	}()
	first, rest := cutCrew(locals, 1)
	c, err := h.ready(first, life)
	if err == nil {
		err = h.saved()
	}
	if h.before != nil {
		h.before()
	}
	for size := 3; err == nil && len(c.locals) > 0; size = min(3*size, batch) {
		started := h.spawner.StartAll(c.cmds)
		first, rest = cutCrew(rest, size)
		next, nextErr := h.ready(first, life)
		err = h.collect(c, started, &later)
		c.close()
		c = next
		if err == nil {
			err = nextErr
		}
	}
	c.close()
	return err
}

func (c *crew) close() {
	for i := range c.ends {
		c.closeEnds(i)
	}
}

func (c *crew) closeEnds(i int) {
	for _, f := range c.ends[i] {
		f.Close()
	}
	c.ends[i] = nil
}

// ready makes everything that some workers need to start. The crew is to be
// closed, with an error as well.
func (h *Handle) ready(locals []int, life int) (*crew, error) {
	c := &crew{locals: locals}
	cgroups := h.makeCgroups(locals)
	held := Held{RunDir: h.dir, Attempt: life}
	err := h.open(c, life, &held)
	cgs, cgErr := cgroups()
	if err != nil {
		return c, err
	}
	if cgErr != nil {
		h.note("going on without cgroups: " + cgErr.Error())
		h.cgroups = nil
	}
	for i, cg := range cgs {
		h.workers[locals[i]].cg = cg
	}
	// The guard has the pipes before anything can write into them.
	if h.opt.Guard != nil && len(held.Streams) > 0 {
		if err := h.opt.Guard.Hold(held); err != nil {
			h.note("nobody guards this run against a kill -9: " + err.Error())
		}
	}
	for i, l := range locals {
		cmd, err := h.command(h.workers[l], c.files[i])
		if err != nil {
			return c, &startError{h.workers[l], err}
		}
		c.cmds = append(c.cmds, cmd)
	}
	return c, nil
}

// open makes the directories, logs and pipes of a crew.
func (h *Handle) open(c *crew, life int, held *Held) error {
	for _, l := range c.locals {
		w := h.newWorker(l, life)
		h.workers[l] = w
		if err := makeDir(w.dir); err != nil {
			return &startError{w, explain("making the directory of rank "+itoa(w.rank), err)}
		}
		files, ends, err := h.openTaps(w)
		c.files, c.ends = append(c.files, files), append(c.ends, ends)
		if err != nil {
			return &startError{w, err}
		}
		held.add(w)
	}
	return nil
}

// collect takes over the workers of a crew as they are executed. Those that fail
// meanwhile go to later.
func (h *Handle) collect(c *crew, started <-chan proc.Started, later *[]*worker) error {
	for i := 0; ; {
		var s proc.Started
		var more bool
		select {
		case s, more = <-started:
		case w := <-h.exits:
			// Short lives end while others begin. Only a failure has to wait
			// until there is a gang to stop.
			if st := w.proc.Status(); st.Kind == job.KindExited && st.Code == 0 {
				h.onExit(w)
			} else {
				*later = append(*later, w)
			}
			continue
		}
		if !more {
			return nil
		}
		w := h.workers[c.locals[i]]
		h.input.started(w.local)
		if s.Err != nil {
			return &startError{w, s.Err}
		}
		c.closeEnds(i)
		h.begun(w, s.Process)
		i++
	}
}

// makeCgroups makes the workers' cgroups beside other work; the answer waits
// for them. Without an answer for all there is none for any.
func (h *Handle) makeCgroups(locals []int) func() ([]*proc.Cgroup, error) {
	if h.cgroups == nil {
		return func() ([]*proc.Cgroup, error) { return nil, nil }
	}
	var cgs []*proc.Cgroup
	done := make(chan error, 1)
	go func(all *proc.Cgroups) {
		for _, l := range locals {
			cg, err := all.Worker(strconv.Itoa(l))
			if err != nil {
				done <- err
				return
			}
			cgs = append(cgs, cg)
		}
		done <- nil
	}(h.cgroups)
	return func() ([]*proc.Cgroup, error) {
		if err := <-done; err != nil {
			return nil, err
		}
		return cgs, nil
	}
}
