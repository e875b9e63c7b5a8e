package cli

import (
	"strings"

	"github.com/sluicerun/sluice/internal/dialogue"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// asText is a screen as dialogues see it, and as errors show it.
func asText(s *vt.Snapshot) dialogue.Screen {
	rows := render.Text(s, render.Options{KeepBlanks: true})
	return dialogue.Screen{
		Size:  dialogue.Size{Cols: s.Cols, Rows: s.Rows},
		Text:  render.Text(s, render.Options{Join: true}),
		Lines: strings.Split(strings.TrimSuffix(rows, "\n"), "\n"),
		Row:   s.Cursor.Y + 1, Col: s.Cursor.X + 1, Hidden: !s.Cursor.Visible,
		Title: s.Title,
	}
}
