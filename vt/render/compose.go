package render

import (
	"unicode/utf8"
)

// compositions holds, for each of the common combining marks, letters with the
// mark on them: pairs of a letter and what it becomes. The built-in font has these
// letters but not the marks. They are the canonical compositions of Unicode in
// Latin-1 and Latin Extended-A.
var compositions = [...]struct {
	mark  rune
	pairs string
}{
	{0x0300, "AÀEÈIÌOÒUÙaàeèiìoòuù"},
	{0x0301, "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzź"},
	{0x0302, "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷ"},
	{0x0303, "AÃNÑOÕaãnñoõIĨiĩUŨuũ"},
	{0x0304, "AĀaāEĒeēIĪiīOŌoōUŪuū"},
	{0x0306, "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭ"},
	{0x0307, "CĊcċEĖeėGĠgġIİZŻzż"},
	{0x0308, "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸ"},
	{0x030a, "AÅaåUŮuů"},
	{0x030b, "OŐoőUŰuű"},
	{0x030c, "CČcčDĎdďEĚeěNŇnňRŘrřSŠsšTŤtťZŽzžLĽlľ"},
	{0x0327, "CÇcçGĢKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţ"},
	{0x0328, "AĄaąEĘeęIĮiįUŲuų"},
}

// compose puts a letter and the mark that follows it together if there is one
// character for both.
func compose(text string) string {
	letter, n := utf8.DecodeRuneInString(text)
	if n == len(text) {
		return text
	}
	mark, m := utf8.DecodeRuneInString(text[n:])
	for i := range compositions {
		if compositions[i].mark != mark {
			continue
		}
		even := false
		found := false
		for _, r := range compositions[i].pairs {
			if found {
				return string(r) + text[n+m:]
			}
			even = !even
			found = even && r == letter
		}
	}
	return text
}
