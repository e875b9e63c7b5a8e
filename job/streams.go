package job

// Streams tells which output streams of a rank go to their file only, and
// which to their file and the console. A stream in neither is inherited.
func (s *Spec) Streams(rank int) (redirect, tee Std) {
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
