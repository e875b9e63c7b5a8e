package kubernetes

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// schema is what Kubernetes uses of JSON Schema, reduced to what testdata has of it.
type schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	Required             []string           `json:"required"`
	Items                *schema            `json:"items"`
	Enum                 []any              `json:"enum"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	MinLength            int                `json:"minLength"`
	MaxLength            *int               `json:"maxLength"`
	Pattern              string             `json:"pattern"`
	IntOrString          bool               `json:"x-kubernetes-int-or-string"`
	PreserveUnknown      bool               `json:"x-kubernetes-preserve-unknown-fields"`
}

// schemas is testdata/schemas.json.
type schemas struct {
	Kinds       map[string]*schema
	Definitions map[string]*schema
}

// check lists what is wrong with v. It is strict: a field that the schema does not
// know is a mistake, which an API server would drop without a word.
func (all *schemas) check(s *schema, path string, v any) []string {
	if s.Ref != "" {
		s = all.Definitions[s.Ref]
	}
	wrong := func(format string, args ...any) []string {
		return []string{path + ": " + fmt.Sprintf(format, args...)}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return wrong("%v is none of %v", v, s.Enum)
	}
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return wrong("an object, not %s", s.Type)
		}
		return all.checkObject(s, path, v)
	case []any:
		if s.Type != "array" {
			return wrong("a list, not %s", s.Type)
		}
		var out []string
		for i, item := range v {
			out = append(out, all.check(s.Items, fmt.Sprintf("%s[%d]", path, i), item)...)
		}
		return out
	case string:
		switch {
		case s.Type != "string" && !s.IntOrString:
			return wrong("a text, not %s", s.Type)
		case len(v) < s.MinLength, s.MaxLength != nil && len(v) > *s.MaxLength:
			return wrong("a text of %d bytes", len(v))
		case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v):
			return wrong("%q does not match %s", v, s.Pattern)
		}
	case bool:
		if s.Type != "boolean" {
			return wrong("a truth value, not %s", s.Type)
		}
	case float64:
		switch {
		case s.Type != "number" && s.Type != "integer" && !s.IntOrString:
			return wrong("a number, not %s", s.Type)
		case s.Type != "number" && v != math.Trunc(v):
			return wrong("%v is not whole", v)
		case s.Minimum != nil && v < *s.Minimum, s.Maximum != nil && v > *s.Maximum:
			return wrong("%v is out of bounds", v)
		}
	default:
		return wrong("a value of type %T", v)
	}
	return nil
}

func (all *schemas) checkObject(s *schema, path string, v map[string]any) []string {
	var out []string
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			out = append(out, path+": "+name+" is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case s.Properties[name] != nil:
			out = append(out, all.check(s.Properties[name], at, v[name])...)
		case s.AdditionalProperties != nil:
			out = append(out, all.check(s.AdditionalProperties, at, v[name])...)
		case s.PreserveUnknown, s.Properties == nil: // metadata, mostly
		default:
			out = append(out, at+": there is no such field")
		}
	}
	return out
}
