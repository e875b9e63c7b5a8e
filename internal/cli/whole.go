package cli

// What these commands are, also for the small program, which has the whole one do them.
const (
	streamUse   = "stream RUN[/RANK]"
	streamShort = "Show a session live in browsers, or stream it to a server"
	uploadUse   = "upload FILE"
	uploadShort = "Upload a recording to an asciinema-compatible server"
	watchUse    = "watch PID"
	watchShort  = "Show what a process writes from now on, without disturbing it"
)
