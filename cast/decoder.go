package cast

// Decoder makes valid UTF-8 of bytes that come in pieces, for formats of text other
// than those of this package. A character that has not come whole is held back, and
// each maximal subpart of what is none (Unicode, section 3.9) becomes U+FFFD. The
// zero value is ready.
type Decoder struct{ d decoder }

// Text is the text of what was held back and p.
func (d *Decoder) Text(p []byte) string {
	text, _ := d.d.decode(p)
	return string(text)
}

// Flush is what stands for a character whose end did not come.
func (d *Decoder) Flush() string {
	text, _ := d.d.flush(nil)
	return string(text)
}
