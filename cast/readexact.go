package cast

import "bytes"

// exactly puts back the bytes of output or input that its text does not have.
func (s *lineSource) exactly(e *Event) (skip bool, err error) {
	h := &s.held[0]
	if e.Code == Input {
		h = &s.held[1]
	}
	if s.told == nil && h[0] == 0 {
		return false, nil
	}
	x := exact{code: e.Code, size: len(e.Data)}
	if s.told != nil {
		x = *s.told
		s.told = nil
	}
	text := e.Data
	b, ok := x.bytes(s.buf[:0], text)
	s.buf = b
	if !ok || x.code != e.Code {
		s.warn.add(s.line, "the line before does not fit it: the text is taken as it is")
		x = exact{code: e.Code}
		b = append(b[:0], text...)
	}
	if x.fresh {
		*h = held{}
	}
	if len(text) > 0 && h[0] > 0 {
		if rest, found := bytes.CutPrefix(b, h.get()); found {
			b = rest
			skip = len(b) == 0 && len(x.held) == 0
		} else {
			s.warn.add(s.line, "it does not begin with the character that was cut before: the text is taken as it is")
		}
		*h = held{}
	}
	if len(x.held) > 0 {
		if !h.add(x.held) {
			*h = held{}
			h.add(x.held)
		}
		b = append(b, x.held...)
	}
	e.Data = b
	return skip, nil
}

// untold is for a line that tells of one that does not follow.
func (s *lineSource) untold() {
	if s.told != nil {
		s.warn.add(s.line, "the line before tells of text that does not follow, and is left out")
		s.told = nil
	}
}
