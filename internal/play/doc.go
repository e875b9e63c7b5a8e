// Package play shows recordings on a person's terminal and lets them move about in
// what they see. Where the output is no terminal, it writes the recorded output as
// time goes by, and takes no keys.
//
// On a terminal nothing of the recording is written as it is. An emulator takes
// the bytes, and what its screen shows is drawn, so that a recording of any size
// is shown right on a terminal of any other, and no question or mode in it ever
// reaches the person's terminal. Plain output goes through [playback.Filter].
package play
