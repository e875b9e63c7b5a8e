// Package watchdog is the server of torch's file timers: a worker writes into a
// FIFO until when it wants to be done with something, and takes that back when
// it is. Who does neither in time hangs.
//
// The client is torch.distributed.elastic.timer.FileTimerClient. It writes one
// JSON object a line:
//
//	{"version": 1, "pid": 4711, "scope_id": "step", "expiration_time": 1718000000.5, "signal": 9}
//
// where expiration_time is in seconds since the epoch and a negative one
// releases. Timers are keyed by pid and scope: a second one replaces the first.
//
// torch's own server polls ten times a second and, when a timer expires, kills
// the worker and then itself. This one sleeps until there is something to do and
// only tells: who listens ends the gang and says why.
package watchdog
