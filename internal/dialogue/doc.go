// Package dialogue runs scripts that hold a dialogue with programs on terminals:
// they type, wait for what the screen shows, and assert it.
//
// [Parse] reads a script and [ParseTape] a tape of VHS, both into the same
// commands; [Format] writes them in the canonical form and [WritePlan] shows what
// would be done. [Play] runs them on a [Host], which starts the programs; it is
// deterministic as far as the programs are. What is wrong with a script is told,
// as a [ScriptError], before anything runs; why a run ended is a [Failure].
//
// # The language
//
//	# log in and look at a file
//	run --size 100x30 ssh me@host
//	select {
//		on text "yes/no" {
//			line "yes"
//			again
//		}
//		on text "password:" {
//			secret $PASSWORD
//			press Enter
//		}
//		on exit fail "no connection"
//		within 20s fail "the host does not answer"
//	}
//	wait line /\$$/
//	line "less notes.txt"
//	press Down*3 Ctrl+F
//	wait settled 200ms
//	expect text "the end"
//	press q
//	line "exit"
//	expect exit 0
//
// A command is one line; # begins a comment at a line's start or after a blank.
// Words are bare, in '…' as they are, or in "…" with \n \r \t \e \" \\ \$ \xHH
// \u{HEX}. $NAME and ${NAME} outside of single quotes are variables of the
// script. A regular expression (RE2) is /…/ or /…/i, with \/ for a slash; ^ and $
// are the ends of lines. Times have units: 250ms, 1.5s, 2m.
//
// Programs. One runs at a time, and more beside it with --as NAME; a command
// with @NAME before it means that one.
//
//	run [--as NAME] [--size 80x24] [--env K=V]... [--cwd DIR] COMMAND [ARG]...
//	shell [the same, --prompt TEXT] [bash|zsh|fish|sh]   without start-up files
//	require PROGRAM...        must be there, or nothing runs
//	resize 120x40    signal TERM
//
// Input. Keys have the names of package keys.
//
//	type [--pace 40ms] TEXT   the characters, nothing else
//	line [--pace 40ms] TEXT   the same and then Enter
//	press [--pace 40ms] KEY...
//	paste TEXT    paste <FILE
//	raw TEXT                  bytes as they are
//	secret $VARIABLE          of the environment; only while nothing is echoed
//	eof                       the end of the input, for what reads lines
//	mouse click|press|release|move|scroll-up|scroll-down [--button right]
//	      [--mods Ctrl+Shift] [--count 2] COLUMN,ROW|"text on the screen"
//	mouse drag COLUMN,ROW|"text" to COLUMN,ROW
//
// Conditions. Several in one command must hold at once.
//
//	text "…"      regex /…/     on the screen
//	new text "…"  new regex /…/ that came after the last input
//	line /…/                    the line that the cursor is in
//	gone "…"                    not on the screen
//	settled 250ms               nothing has changed for so long
//	cursor ROW,COLUMN           from 1; * is anywhere
//	title /…/
//	prompt                      the shell waits for a command (it must emit OSC 133)
//	exit [STATUS]
//	file NAME    port NUMBER    it exists; somebody listens on this machine
//
//	wait CONDITION [within 5s|forever]     else within the timeout that is set
//	expect CONDITION [within 5s]           holds now, or comes within the time;
//	                                       exit has the timeout, as ends take time
//	expect not CONDITION                   does not hold now
//	expect screen FILE [mask /…/]... [within 5s]
//	      the file beside the script has the screen's rows; what a mask matches
//	      in a row does not count. RunOptions.Update writes the file.
//
// Decisions. A body is a block, or one command on the same line.
//
//	if [not] CONDITION [within 2s] { … } else { … }     now, unless within
//	repeat N [until CONDITION] { … }    with until, fails if it never held
//	select { on CONDITION …, within 10s … }   the first that comes true, the
//	      upper of two; again begins the select anew, and then only what came
//	      after the last input counts
//	let x = match 1     a group, by number or name, of what the last regex or
//	      line matched last on the screen; 0 is all of it
//	let x = env NAME [or TEXT]    let x = TEXT
//	include FILE    fail TEXT
//
// Pace and pictures.
//
//	sleep 500ms
//	set timeout 5s|forever     set typing 40ms [jitter 30%]
//	set size 80x24             set env K=V      for programs started later
//	screenshot FILE            .txt .ans .svg .png .html .json
//	output FILE                a recording (.cast), or the screen at the end
//	mark TEXT   hide   show    in the recording: a marker; a pause of it
//	echo TEXT                  to the person who runs the script
//
// Files that belong to a script (include, paste, expect screen) are named from
// its folder, files that it makes from the current one.
//
// # Tapes
//
// All commands and settings of VHS 0.10 are read. Sizes in pixels become the
// nearest number of cells; settings that mean the video (Theme, Framerate, ...)
// are listed in [Script.Warnings], and so are outputs that are videos. Unlike VHS
// the first key waits for the shell's prompt, and Paste pastes what Copy in the
// same tape kept, never somebody's clipboard.
package dialogue
