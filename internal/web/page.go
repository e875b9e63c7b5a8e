package web

import (
	_ "embed"
	"html"
	"strings"
)

//go:embed page/page.js
var pageJS []byte

//go:embed page/page.css
var pageCSS []byte

//go:embed page/page.html
var pageHTML string

// makePage puts the title into the page. It is all that there is to put in, and what
// html/template makes ready at the start would be made in every process.
func makePage(title string) []byte {
	return []byte(strings.Replace(pageHTML, "{{title}}", html.EscapeString(title), 1))
}
