// Package animate makes pictures of a recording, without a browser.
//
//	SVG     a moving drawing, sharp at any size   for README files and documents
//	GIF     moving pixels                         for everything that shows pictures
//	Frames  one picture for each change           for programs that make videos
//	Still   one moment                            as SVG, PNG or whatever vt/render draws
//	HTML    a page with asciinema's player        to pause, seek and copy text
//
// All of them read the events once, from the first to the last, and keep the
// output among them in memory: a picture begins with its size and its length, which
// only the whole recording tells. Times in [Options] are those of the recording's
// own clock; times in results are those of the picture, in which long pauses are
// cut and everything runs at another speed.
//
// What a picture shows is what the emulator of package vt shows. SVG takes the
// letters from the viewer's fonts, the others from Go Mono, which is built in, and
// from fonts that are given; lines, blocks and braille are drawn as shapes in all of
// them.
//
// Nothing runs between calls. All functions may be called from several goroutines.
package animate
