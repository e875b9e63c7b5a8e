// Package launch starts one gang of workers, owns their streams, supervises
// them and says how they ended.
//
//	res, err := launch.Run(ctx, job.Spec{Command: []string{"train"}, Workers: 8})
//
// Run returns an error only when nothing was started (bad spec, log directory
// that cannot be made); whatever happens to workers afterwards is in the
// job.Result. When ctx ends the gang is stopped with its stop signal, its grace
// and, if need be, SIGKILL: Run returns once nothing of it is left.
//
// Start gives a handle for signalling, stopping and looking at a run while it
// goes on; Run is Start followed by Wait.
//
// # Go functions as workers
//
// A worker can be a function of this same program instead of a command. Name it
// with Register, call Init first thing in main, and set Spec.Func:
//
//	func main() {
//		launch.Register("train", train)
//		launch.Init() // never returns in a worker
//		res, err := launch.Run(ctx, job.Spec{Func: "train", Workers: 8})
//	}
//
// # What it changes in the calling process
//
// The process becomes a child subreaper, so that a worker's orphans stay
// findable, and reaps them. While a run goes on it also reaps children that the
// program itself started in a session of their own (SysProcAttr.Setsid): name
// those in Options.Except. Signals of the calling process are not touched: pass
// them on by cancelling ctx or by Handle.Stop.
package launch
