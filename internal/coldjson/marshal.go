package coldjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// Marshal is json.Marshal.
func Marshal(v any) ([]byte, error) { return appendValue(nil, reflect.ValueOf(v)) }

func appendValue(b []byte, v reflect.Value) ([]byte, error) {
	if !v.IsValid() {
		return append(b, "null"...), nil
	}
	t := v.Type()
	if t.Implements(marshaler) {
		return appendMarshaler(b, v)
	}
	// Methods of a pointer count where there is one.
	if t.Kind() != reflect.Pointer && v.CanAddr() && reflect.PointerTo(t).Implements(marshaler) {
		return appendMarshaler(b, v.Addr())
	}
	if t.Implements(textMarshaler) {
		return appendText(b, v)
	}
	if v.CanAddr() && reflect.PointerTo(t).Implements(textMarshaler) {
		return appendOther(b, v)
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendValue(b, v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		if t.Elem().Kind() != reflect.Uint8 { // else base64
			return appendSlice(b, v)
		}
	case reflect.Array:
		return appendSlice(b, v)
	case reflect.Struct:
		return appendStruct(b, v)
	}
	return appendOther(b, v)
}

func appendSlice(b []byte, v reflect.Value) (_ []byte, err error) {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendStruct(b []byte, v reflect.Value) (_ []byte, err error) {
	fields := fieldsOf(v.Type())
	if fields.odd {
		return appendOther(b, v)
	}
	start := len(b)
	b = append(b, '{')
	for _, f := range fields.list {
		fv := v.FieldByIndex(f.index)
		if f.left(fv) {
			continue
		}
		if len(b) > start+1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, f.name...)
		b = append(b, '"', ':')
		if b, err = appendValue(b, fv); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendString writes what needs no escapes.
func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendOther(b, reflect.ValueOf(s))
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"'), nil
}

func appendMarshaler(b []byte, v reflect.Value) ([]byte, error) {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return append(b, "null"...), nil
	}
	m, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return nil, &json.MarshalerError{Type: v.Type(), Err: err}
	}
	var small, safe bytes.Buffer
	if err := json.Compact(&small, m); err != nil {
		return nil, &json.MarshalerError{Type: v.Type(), Err: err}
	}
	json.HTMLEscape(&safe, small.Bytes())
	return append(b, safe.Bytes()...), nil
}

func appendText(b []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
		if m, err := v.Interface().(encoding.TextMarshaler).MarshalText(); err == nil {
			return appendString(b, string(m))
		}
	}
	return appendOther(b, v)
}

func appendOther(b []byte, v reflect.Value) ([]byte, error) {
	if v.CanAddr() {
		v = v.Addr() // with its methods
	}
	m, err := json.Marshal(v.Interface())
	return append(b, m...), err
}
