package ptrace

// Cost is what following a process has cost it.
type Cost struct {
	Stops uint64 // how often one of its threads was stopped
	// Unseen are calls that wrote to a followed stream without passing through the
	// process's memory: sendfile, splice, copy_file_range, tee and vmsplice.
	Unseen uint64
	// UnseenBytes is what they wrote.
	UnseenBytes uint64
	// Short is how many writes the beginning and the end of following have cut: see
	// Report.
	Short int
}
