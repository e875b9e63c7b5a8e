package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed page/page.js
var pageJS []byte

//go:embed page/page.css
var pageCSS []byte

//go:embed page/page.html
var pageHTML string

func makePage(title string) ([]byte, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("making the page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, title); err != nil {
		return nil, fmt.Errorf("making the page: %w", err)
	}
	return b.Bytes(), nil
}
