package vt

// EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events.
const (
	BellEvent      EventKind = iota + 1 // BEL
	TitleEvent                          // Text is the new title
	IconTitleEvent                      // Text is the new icon title
	DirEvent                            // Text is what OSC 7 told, usually a file:// address
	ClipboardEvent                      // Text names the selection ("c", "p" ...), Data what to put there
	ClipboardQuery                      // the program asks for the selection that Text names; nobody has answered
	PromptEvent                         // Mark is new; Exit and Known go with CommandDone
	MessageEvent                        // OSC 9 or 777: Text is a message for the user
	ProgressEvent                       // OSC 9;4: Exit is the state (0 none, 1 normal, 2 error, 3 busy, 4 paused), N the per cent
	PaletteEvent                        // a colour of the palette changed
	SizeEvent                           // the program asks for Cols and Rows; 0 leaves one as it is
	ModeEvent                           // the modes that decide what keys and mouse send changed
	ScreenEvent                         // the main or the alternate screen came up
	SyncEvent                           // a synchronised update (mode 2026) began or ended
	PointerEvent                        // OSC 22: Text names the shape of the mouse's pointer
	CursorEvent                         // the form of the cursor changed
	ResetEvent                          // RIS
)

// Event is something that a program said which is not on the screen.
type Event struct {
	Kind       EventKind
	Text       string
	Data       []byte // the receiver's own
	Mark       Mark
	Exit       int
	Known      bool
	N          int
	Cols, Rows int
}

func (t *Terminal) notify(e Event) {
	if t.o.Notify != nil {
		t.o.Notify(e)
	}
}
