package coldjson

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// fields are those of a struct that are written.
type fields struct {
	list []field
	odd  bool // the struct is a matter for encoding/json
}

// field is how one is written.
type field struct {
	index               []int // by way of embedded structs
	name                string
	omitEmpty, omitZero bool
}

var known sync.Map // reflect.Type: *fields

// fieldsOf looks at a struct's own fields, and not at what they are made of.
func fieldsOf(t reflect.Type) *fields {
	if f, ok := known.Load(t); ok {
		return f.(*fields)
	}
	out := &fields{list: make([]field, 0, t.NumField())}
	out.add(t, nil)
	known.Store(t, out)
	return out
}

// add takes the fields of t, which is reached by way of the fields at.
func (f *fields) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		if sf.Anonymous && tag != "-" {
			if tag != "" || sf.Type.Kind() != reflect.Struct || special(sf.Type) {
				f.odd = true
				return
			}
			f.add(sf.Type, append(slices.Clip(at), i))
			continue
		}
		if !sf.IsExported() || tag == "-" {
			continue
		}
		g := field{index: append(slices.Clip(at), i)}
		name, options, _ := strings.Cut(tag, ",")
		for options != "" {
			var o string
			o, options, _ = strings.Cut(options, ",")
			g.omitEmpty = g.omitEmpty || o == "omitempty"
			g.omitZero = g.omitZero || o == "omitzero"
			f.odd = f.odd || o == "string"
		}
		if g.name = name; name == "" {
			g.name = sf.Name
		}
		// Of two of the same name one hides the other, or both are hidden.
		same := func(other field) bool { return other.name == g.name }
		f.odd = f.odd || !plainName(g.name) || slices.ContainsFunc(f.list, same)
		f.list = append(f.list, g)
	}
}

// special tells that a type writes or reads itself.
func special(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(textMarshaler) || p.Implements(unmarshaler) || p.Implements(textUnmarshaler)
}

// plainName tells that a name is one for encoding/json as well, and the same between
// quotes.
func plainName(s string) bool {
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' {
			return false
		}
	}
	return s != ""
}

// left tells that a field's value is left out.
func (f field) left(v reflect.Value) bool {
	return f.omitEmpty && empty(v) || f.omitZero && zero(v)
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// zeroer says itself what zero is.
type zeroer interface{ IsZero() bool }

// zero is what omitzero leaves out.
func zero(v reflect.Value) bool {
	t := v.Type()
	if t.Implements(reflect.TypeFor[zeroer]()) {
		if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
			return true
		}
		return v.Interface().(zeroer).IsZero()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[zeroer]()) {
		if !v.CanAddr() {
			at := reflect.New(t).Elem()
			at.Set(v)
			v = at
		}
		return v.Addr().Interface().(zeroer).IsZero()
	}
	return v.IsZero()
}

// named is the field of that name or, if none has it, of nearly that.
func (f *fields) named(name string) (field, bool) {
	for _, g := range f.list {
		if g.name == name {
			return g, true
		}
	}
	for _, g := range f.list {
		if strings.EqualFold(g.name, name) {
			return g, true
		}
	}
	return field{}, false
}
