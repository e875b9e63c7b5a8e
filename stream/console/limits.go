package console

import "time"

const (
	bufMax  = 256 << 10 // a lane's buffer is handed to its writer at that size at the latest
	segMax  = 4096      // ... or with that many pieces in it
	turnMax = 64 << 10  // one input's turn, and the read buffer
	portion = 64 << 10  // one Write to a Sink that cannot tell how far it got
	rowMax  = 4 << 10   // bytes of a progress state that are looked at
	noteMax = 64 << 10  // notes that wait for a stuck sink

	idlePlain = time.Second            // an unfinished line is shown after that silence
	idleTTY   = 300 * time.Millisecond // ... on a terminal, where it may be a prompt
	lockWait  = time.Second            // others wait that long for it to be finished
	stateGap  = 10 * time.Second       // between two states of a bar that is not live
	liveGap   = 100 * time.Millisecond // between two frames of the live area
	redrawGap = 20 * time.Millisecond  // ... when lines have pushed it off the screen
	slowAfter = time.Second            // a sink that takes nothing is called slow
	pauseWait = 200 * time.Millisecond
	stuckWait = 100 * time.Millisecond // for a write that was told to stop
	tellWait  = 100 * time.Millisecond // for a last note to a Sink

	contMark = "…"
)
