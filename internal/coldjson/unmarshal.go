package coldjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// Unmarshal is json.Unmarshal, but that it stops at the first value of the wrong type.
func Unmarshal(b []byte, to any) error {
	v := reflect.ValueOf(to)
	if v.Kind() != reflect.Pointer || v.IsNil() || !json.Valid(b) {
		return json.Unmarshal(b, to) // which says what is wrong
	}
	return readValue(bytes.TrimSpace(b), v.Elem())
}

// readValue reads one valid value, with nothing around it.
func readValue(b []byte, v reflect.Value) error {
	t := v.Type()
	if reflect.PointerTo(t).Implements(unmarshaler) || reflect.PointerTo(t).Implements(textUnmarshaler) ||
		t.Kind() == reflect.Pointer && (t.Implements(unmarshaler) || t.Implements(textUnmarshaler)) || b[0] == 'n' {
		return readOther(b, v)
	}
	switch {
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		return readValue(b, v.Elem())
	case t.Kind() == reflect.Struct && b[0] == '{':
		return readStruct(b, v)
	case t.Kind() == reflect.Slice && b[0] == '[' && t.Elem().Kind() != reflect.Uint8:
		return readSlice(b, v)
	case t.Kind() == reflect.String && b[0] == '"' && t != reflect.TypeFor[json.Number]():
		if s, ok := plainString(b); ok {
			v.SetString(s)
			return nil
		}
	case t.Kind() == reflect.Bool && (b[0] == 't' || b[0] == 'f'):
		v.SetBool(b[0] == 't')
		return nil
	case v.CanInt():
		if n, err := strconv.ParseInt(string(b), 10, t.Bits()); err == nil {
			v.SetInt(n)
			return nil
		}
	}
	return readOther(b, v)
}

func readOther(b []byte, v reflect.Value) error { return json.Unmarshal(b, v.Addr().Interface()) }

// plainString is what is between the quotes, if that is what it means.
func plainString(b []byte) (string, bool) {
	b = b[1 : len(b)-1]
	for _, c := range b {
		if c > '~' || c == '\\' {
			return "", false
		}
	}
	return string(b), true
}

func readSlice(b []byte, v reflect.Value) error {
	i := 0
	for b = bytes.TrimLeft(b[1:], space); b[0] != ']'; i++ {
		if i >= v.Cap() {
			v.Grow(1)
		}
		if i >= v.Len() {
			v.SetLen(i + 1)
		}
		n := extent(b)
		if err := readValue(b[:n], v.Index(i)); err != nil {
			return err
		}
		b = after(b[n:])
	}
	if v.SetLen(i); i == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	return nil
}

func readStruct(b []byte, v reflect.Value) error {
	fields := fieldsOf(v.Type())
	if fields.odd {
		return readOther(b, v)
	}
	for b = bytes.TrimLeft(b[1:], space); b[0] != '}'; {
		n := extent(b)
		key, ok := plainString(b[:n])
		if !ok {
			if err := json.Unmarshal(b[:n], &key); err != nil {
				return err
			}
		}
		b = after(b[n:]) // the colon
		n = extent(b)
		if f, ok := fields.named(key); ok {
			if err := readValue(b[:n], v.FieldByIndex(f.index)); err != nil {
				return err
			}
		}
		b = after(b[n:])
	}
	return nil
}

const space = " \t\r\n"

// extent is the length of the valid value at the beginning of b.
func extent(b []byte) int {
	switch b[0] {
	case '"':
		for i := 1; ; i++ {
			switch b[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	case '{', '[':
		depth := 0
		for i := 0; ; i++ {
			switch b[i] {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			case '"':
				i += extent(b[i:]) - 1
			}
		}
	}
	if n := bytes.IndexAny(b, space+",:]}"); n >= 0 {
		return n
	}
	return len(b)
}

// after is what follows a value: behind the comma or colon, or at the end of what it
// is in.
func after(b []byte) []byte {
	b = bytes.TrimLeft(b, space)
	if b[0] == ',' || b[0] == ':' {
		b = bytes.TrimLeft(b[1:], space)
	}
	return b
}
