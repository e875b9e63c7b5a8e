// Package adopt looks into processes that somebody else has started, types into
// them and moves their output.
//
// A System is a machine's /proc, or a packed one in a test. Open takes hold of a
// process by a pidfd, so that another one that gets its pid later is never taken for
// it: what a method returns was true of this very process, or it returns ErrGone.
// What is not permitted is a *Refusal, which names the right that is missing and what
// would give it.
package adopt
