package adopt

import "os"

// MayAttach tells why the kernel would not let this process trace p, take its
// descriptors or look at them; nil: as far as can be seen, it would
// (ptrace(2), "Ptrace access mode checking").
func (p *Process) MayAttach() *Refusal {
	r := &Refusal{What: "attaching to " + p.String()}
	st, err := p.status()
	if err != nil {
		r.Right, r.Why, r.Err = RightKernel, err.Error(), err
		return r
	}
	if uid := os.Geteuid(); uid != 0 && (st.UID[0] != uid || st.UID[1] != uid || st.UID[2] != uid) {
		r.Right, r.Why, r.Fix = RightUser, "it is another user's", "do it as that user, or as root"
		return r
	}
	return nil
}
