package cast

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// typescriptMark is what typescripts begin with.
const typescriptMark = "Script started on "

// typescriptHeader reads the first line of a typescript.
func typescriptHeader(line []byte) (h Header) {
	s := strings.TrimRight(strings.TrimPrefix(string(line), typescriptMark), "\r\n")
	at, rest, _ := strings.Cut(s, " [")
	h.setStart(at)
	quoted := func(key string) string {
		_, v, _ := strings.Cut(rest, " "+key+`="`)
		v, _, _ = strings.Cut(v, `"`)
		return v
	}
	rest = " " + rest
	// A command may have anything, quotes as well.
	if command, is := strings.CutPrefix(rest, ` COMMAND="`); is {
		for _, end := range []string{`" TERM="`, `" TTY="`, `" COLUMNS="`, `" <`, `"]`} {
			if i := strings.LastIndex(command, end); i >= 0 {
				h.Command, rest = command[:i], command[i+1:]
				break
			}
		}
	}
	h.set("TERM", quoted("TERM"))
	h.set("TTY", quoted("TTY"))
	h.set("COLUMNS", quoted("COLUMNS"))
	h.set("LINES", quoted("LINES"))
	return h
}

// setStart takes a time as script writes it.
func (h *Header) setStart(s string) {
	for _, layout := range []string{"2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05-0700"} {
		if t, err := time.Parse(layout, s); err == nil && t.Unix() != 0 {
			h.Timestamp = time.Unix(t.Unix(), 0)
		}
	}
}

// scriptKey is the key of Header.Extra for what script tells and asciicasts do not
// have.
const scriptKey = "script"

// set takes what script tells of a recording; some names are of the files alone.
func (h *Header) set(name, v string) {
	if v == "" {
		return
	}
	n, err := strconv.ParseUint(v, 10, 16)
	switch name {
	case "START_TIME":
		h.setStart(v)
	case "COMMAND":
		h.Command = v
	case "TERM", "SHELL":
		if h.Env == nil {
			h.Env = map[string]string{}
		}
		h.Env[name] = v
		if name == "TERM" {
			h.TermType = v
		}
	case "COLUMNS":
		if err == nil {
			h.Width = int(n)
		}
	case "LINES":
		if err == nil {
			h.Height = int(n)
		}
	case "TIMING_LOG", "OUTPUT_LOG", "INPUT_LOG":
	default:
		var all map[string]string
		for i, f := range h.Extra {
			if f.Name == scriptKey && json.Unmarshal(f.Value, &all) == nil {
				all[name] = v
				h.Extra[i].Value, _ = json.Marshal(all)
				return
			}
		}
		b, _ := json.Marshal(map[string]string{name: v})
		h.Extra = append(h.Extra, Field{scriptKey, b})
	}
}
