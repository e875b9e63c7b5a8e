package web

import (
	"encoding/hex"
	"strings"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
)

// themeOf is the header's theme as streams have it, nil if there is none that
// they could have: all colours #rrggbb, and 8 or 16 of the palette.
func themeOf(h cast.Header) *alis.Theme {
	t := h.Theme
	if t == nil || len(t.Palette) != 8 && len(t.Palette) != 16 {
		return nil
	}
	to := &alis.Theme{Palette: make([]alis.Color, len(t.Palette))}
	ok := colour(&to.FG, t.FG) && colour(&to.BG, t.BG)
	for i, s := range t.Palette {
		ok = ok && colour(&to.Palette[i], s)
	}
	if !ok {
		return nil
	}
	return to
}

func colour(c *alis.Color, s string) bool {
	s, ok := strings.CutPrefix(s, "#")
	if !ok || len(s) != 2*len(c) {
		return false
	}
	_, err := hex.Decode(c[:], []byte(s))
	return err == nil
}
