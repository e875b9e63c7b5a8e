package coldjson

import (
	"reflect"
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
	index               int
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
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		out.odd = out.odd || sf.Anonymous
		if !sf.IsExported() || tag == "-" {
			continue
		}
		f := field{index: i}
		name, options, _ := strings.Cut(tag, ",")
		for options != "" {
			var o string
			o, options, _ = strings.Cut(options, ",")
			f.omitEmpty = f.omitEmpty || o == "omitempty"
			f.omitZero = f.omitZero || o == "omitzero"
			out.odd = out.odd || o == "string"
		}
		if f.name = name; name == "" {
			f.name = sf.Name
		}
		out.odd = out.odd || !plainName(f.name)
		out.list = append(out.list, f)
	}
	known.Store(t, out)
	return out
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
