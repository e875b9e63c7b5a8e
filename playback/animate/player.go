package animate

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"sync"
)

// PlayerVersion is the version of asciinema's player that [Player] returns.
const PlayerVersion = "3.17.0"

//go:embed player/asciinema-player.min.js.gz
var playerJS string

//go:embed player/asciinema-player.css.gz
var playerCSS string

// player is unpacked when it is first asked for.
var player = sync.OnceValues(func() (js, css []byte) {
	return unpack("asciinema-player.min.js", playerJS), unpack("asciinema-player.css", playerCSS)
})

// Player returns asciinema's player for web pages, its script, which defines
// AsciinemaPlayer, and its style sheet. They load nothing else. Package folder
// player has its licence, Apache 2.0. The bytes must not be changed.
func Player() (js, css []byte) { return player() }

func unpack(name, packed string) []byte {
	r, err := gzip.NewReader(bytes.NewReader([]byte(packed)))
	if err == nil {
		var b []byte
		if b, err = io.ReadAll(r); err == nil {
			return b
		}
	}
	// The bytes are part of the program: a test reads them.
	panic(fmt.Sprintf("unpacking the built-in %s: %v", name, err))
}
