package job

// Streams tells which output streams of a rank go to their file only, and
// which to their file and the console. A stream in neither is inherited.
func (s *Spec) Streams(rank int) (redirect, tee Std) {
	if s.Pty != nil {
		return s.ptyStreams(rank)
	}
	if !s.Redirect.IsZero() {
		redirect = s.Redirect.For(rank)
	}
	if s.Tee.IsZero() {
		return redirect, All &^ redirect
	}
	// As torchrun has it, tee is redirect plus the console.
	tee = s.Tee.For(rank)
	return redirect &^ tee, tee
}

// ptyStreams: a terminal is always kept, and stands for both streams unless
// standard error has a pipe of its own.
func (s *Spec) ptyStreams(rank int) (redirect, tee Std) {
	if !s.Pty.SplitStderr {
		return 0, Out
	}
	if !s.Redirect.IsZero() && s.Redirect.For(rank).Has(Stderr) {
		return Err, Out
	}
	return 0, All
}
