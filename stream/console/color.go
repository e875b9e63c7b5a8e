package console

// ColorEnabled tells whether colours should be used on a stream, by the usual
// variables, in this order:
//
//   - NO_COLOR set to anything: no (no-color.org)
//   - FORCE_COLOR: "0" or "false" no, anything else yes
//   - CLICOLOR_FORCE set to anything but "0": yes
//   - CLICOLOR=0, TERM=dumb, or not a terminal: no
//   - OMPI_COMM_WORLD_SIZE and PMIX_RANK set: no. mpirun gives each process a
//     terminal for its output, and passes that on to wherever its own goes.
//   - else yes
func ColorEnabled(env func(string) string, tty bool) bool {
	if env("NO_COLOR") != "" {
		return false
	}
	switch env("FORCE_COLOR") {
	case "":
	case "0", "false":
		return false
	default:
		return true
	}
	if f := env("CLICOLOR_FORCE"); f != "" && f != "0" {
		return true
	}
	if env("OMPI_COMM_WORLD_SIZE") != "" && env("PMIX_RANK") != "" {
		return false
	}
	return tty && env("CLICOLOR") != "0" && env("TERM") != "dumb"
}
