// Package web shows a session to people who are somewhere else: it serves a page
// with asciinema's player that follows the session live, streams to an
// asciinema-compatible server, and uploads recordings to one.
//
//	session ─ Live ─→ hub ─┬─ viewer ─→ WebSocket ─→ player in a browser
//	                       ├─ viewer ─→ WebSocket ─→ ...
//	                       └─ viewer ─→ WebSocket ─→ server   (Push)
//
// The hub keeps an emulator with the session's screen. A viewer that comes late
// gets that screen first; one that is too slow for what comes loses its queue and
// gets the screen as it is by then. So nobody waits for a viewer.
//
// # What viewers can do
//
// They look. A viewer that sends anything is cut off, so what the program asks of
// its terminal is never answered from there. What is typed into the session is not
// shown unless [Options.Input] says so.
//
// # Who can be a viewer
//
// [Serve] listens on 127.0.0.1 unless told otherwise. There, anybody who can run
// programs on this machine can look; pages from elsewhere cannot, as requests for
// other host names and from other origins are refused. On any other address, a
// token must be in the path of the URL; it goes over the network as it is, so
// where others can listen, put a server that speaks TLS before this one or carry
// it over ssh.
//
// The page loads nothing from anywhere else.
package web
