package edit

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/sluicerun/sluice/cast"
)

// Header returns a header in which nothing of the title, the command, the values
// of the environment, the tags and the strings in unknown keys is secret. A
// variable is searched as NAME=value, so that rules can know it by its name.
func (r *Redactor) Header(h cast.Header) cast.Header {
	h.Title, h.Command = r.String(h.Title), r.String(h.Command)
	if h.Env != nil {
		h.Env = maps.Clone(h.Env)
		for k, v := range h.Env {
			if all := r.String(k + "=" + v); len(all) > len(k) && all[:len(k)+1] == k+"=" {
				h.Env[k] = all[len(k)+1:]
			} else {
				h.Env[k] = r.String(v)
			}
		}
	}
	h.Tags = slices.Clone(h.Tags)
	for i := range h.Tags {
		h.Tags[i] = r.String(h.Tags[i])
	}
	h.Extra = slices.Clone(h.Extra)
	for i := range h.Extra {
		h.Extra[i].Value = r.json(h.Extra[i].Value)
	}
	return h
}

// String returns a text in which nothing is secret.
func (r *Redactor) String(s string) string { return string(r.text([]byte(s))) }

func (r *Redactor) text(p []byte) []byte {
	if len(p) == 0 {
		return p
	}
	r.single.patches = patches{}
	r.single.letter(p, 0)
	return r.single.patches.apply(nil, p, 0)
}

func (r *Redactor) redactData(e cast.Event) []byte {
	if e.Raw {
		return r.json(slices.Clone(e.Data))
	}
	return r.text(e.Data)
}

// json redacts the strings of a JSON value. One in which nothing is secret stays
// as it is written.
func (r *Redactor) json(p []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(p))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return p
	}
	if _, err := d.Token(); err != io.EOF {
		return p
	}
	v, changed := r.value(v)
	if !changed {
		return p
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return p
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (r *Redactor) value(v any) (_ any, changed bool) {
	switch v := v.(type) {
	case string:
		s := r.String(v)
		return s, s != v
	case []any:
		for i := range v {
			var c bool
			v[i], c = r.value(v[i])
			changed = changed || c
		}
	case map[string]any:
		for k := range v {
			var c bool
			v[k], c = r.value(v[k])
			changed = changed || c
		}
	}
	return v, changed
}
