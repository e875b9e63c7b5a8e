package vt

// charsets are the four sets G0 to G3 and which of them bytes 20 to 7e go
// through. A set is named by the final byte of the sequence that designates it.
type charsets struct {
	g       [4]byte
	gl      uint8
	single  uint8 // SS2 or SS3: the set of the next character only; 0: none
	special bool  // something else than ASCII is in force
}

func newCharsets() charsets { return charsets{g: [4]byte{'B', 'B', 'B', 'B'}} }

func (c *charsets) update() { c.special = c.single != 0 || c.g[c.gl] != 'B' }

func (c *charsets) designate(n int, set byte) {
	if set != '0' && national(set) == nil {
		set = 'B' // sets that nobody knows are ASCII, as is set A of 96 characters
	}
	c.g[n] = set
	c.update()
}

func (c *charsets) lock(n uint8) {
	c.gl = n
	c.update()
}

func (c *charsets) char(b byte) rune {
	set := c.g[c.gl]
	if c.single != 0 {
		set = c.g[c.single]
		c.single = 0
		c.update()
	}
	switch {
	case set == 'B':
	case set == '0':
		if b >= 0x5f && b <= 0x7e {
			return graphics[b-0x5f]
		}
	default:
		if to := national(set); to != nil {
			for i := range len(nationalFrom) {
				if nationalFrom[i] == b {
					return to[i]
				}
			}
		}
	}
	return rune(b)
}

// graphics is DEC Special Graphics, 5f to 7e.
var graphics = [32]rune{
	' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼',
	'⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
}

// nationalFrom are the places that the national replacement sets of the VT220
// manual give other characters to.
const nationalFrom = "#@[\\]^_`{|}~"

// national returns the characters for nationalFrom in a set, nil if it is none.
func national(set byte) *[12]rune {
	switch set {
	case 'A':
		return &british
	case '4':
		return &dutch
	case 'C', '5':
		return &finnish
	case 'R', 'f':
		return &french
	case 'Q', '9':
		return &canadian
	case 'K':
		return &german
	case 'Y':
		return &italian
	case 'E', '6', '`':
		return &norwegian
	case 'Z':
		return &spanish
	case 'H', '7':
		return &swedish
	case '=':
		return &swiss
	}
	return nil
}

var (
	british   = [12]rune{'£', '@', '[', '\\', ']', '^', '_', '`', '{', '|', '}', '~'}
	dutch     = [12]rune{'£', '¾', 'ĳ', '½', '|', '^', '_', '`', '¨', 'f', '¼', '´'}
	finnish   = [12]rune{'#', '@', 'Ä', 'Ö', 'Å', 'Ü', '_', 'é', 'ä', 'ö', 'å', 'ü'}
	french    = [12]rune{'£', 'à', '°', 'ç', '§', '^', '_', '`', 'é', 'ù', 'è', '¨'}
	canadian  = [12]rune{'#', 'à', 'â', 'ç', 'ê', 'î', '_', 'ô', 'é', 'ù', 'è', 'û'}
	german    = [12]rune{'#', '§', 'Ä', 'Ö', 'Ü', '^', '_', '`', 'ä', 'ö', 'ü', 'ß'}
	italian   = [12]rune{'£', '§', '°', 'ç', 'é', '^', '_', 'ù', 'à', 'ò', 'è', 'ì'}
	norwegian = [12]rune{'#', 'Ä', 'Æ', 'Ø', 'Å', 'Ü', '_', 'ä', 'æ', 'ø', 'å', 'ü'}
	spanish   = [12]rune{'£', '§', '¡', 'Ñ', '¿', '^', '_', '`', '°', 'ñ', 'ç', '~'}
	swedish   = [12]rune{'#', 'É', 'Ä', 'Ö', 'Å', 'Ü', '_', 'é', 'ä', 'ö', 'å', 'ü'}
	swiss     = [12]rune{'ù', 'à', 'é', 'ç', 'ê', 'î', 'è', 'ô', 'ä', 'ö', 'ü', 'û'}
)
