package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/quorate/quorate/cluster/core/number"
)

// setting is a row of the table of settings. A flag, a variable QUORATE_NAME and a
// key of the settings file come from it.
type setting struct {
	group string // heading under which it is listed
	name  string
	value value
	hint  string // what stands for the value in the help text; empty: the default
	live  bool   // documents that CONFIG SET changes it: a row of server/introspect (NewSettings) does
	help  string
}

// value is where a setting is kept, how it is written, and what it may be.
type value struct {
	target   reflect.Value // variable that the text is read into
	fallback string        // default, as a user would write it; empty: none
	bounds   string        // in words, for SETTINGS.md
	mapper   kong.Mapper   // reads the text into target
	// accept checks what was read, and puts it into the configuration where that has
	// another form of it. The fault does not name the setting.
	accept func() error
}

// group puts rows under one heading.
func group(heading string, rows ...setting) []setting {
	for i := range rows {
		rows[i].group = heading
	}
	return rows
}

// flag makes kong's flag of a setting.
func (s *setting) flag() *kong.Flag {
	v := &kong.Value{
		Name: s.name, Help: s.help, OrigHelp: s.help,
		HasDefault: s.value.fallback != "", Default: s.value.fallback,
		Mapper: s.value.mapper, Tag: new(kong.Tag),
		Target: s.value.target, DefaultValue: reflect.New(s.value.target.Type()).Elem(),
	}
	f := &kong.Flag{Value: v, PlaceHolder: s.hint}
	if s.group != "" {
		f.Group = &kong.Group{Key: s.group, Title: s.group}
	}
	v.Flag = f
	return f
}

// accept accepts all values and returns every fault, with the names of the settings.
func accept(table []setting) (faults []error) {
	for _, s := range table {
		if s.value.accept == nil {
			continue
		}
		if err := s.value.accept(); err != nil {
			faults = append(faults, fmt.Errorf("--%s is %w", s.name, err))
		}
	}
	return faults
}

// reader makes a mapper of a function that reads a text.
func reader[T any](parse func(string) (T, error)) kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("value", &text); err != nil {
			return err
		}
		v, err := parse(text)
		if err != nil {
			return err
		}
		target.Set(reflect.ValueOf(v))
		return nil
	})
}

// variable returns the reflection of *v, which can be set.
func variable[T any](v *T) reflect.Value { return reflect.ValueOf(v).Elem() }

// text makes a setting of any text.
func text(field *string, fallback string) value {
	return value{target: variable(field), fallback: fallback, mapper: reader(func(s string) (string, error) { return s, nil })}
}

// path makes a setting that names a file or a directory. Its value is made absolute.
func path(field *string, fallback string) value {
	return value{target: variable(field), fallback: fallback, mapper: reader(func(s string) (string, error) {
		if s == "" {
			return "", nil
		}
		return kong.ExpandPath(s), nil
	})}
}

// list makes a setting of several words, separated by commas.
func list(field *[]string) value {
	// A named type: kong gives each element of other slices its own flag.
	type words []string
	read := new(words)
	return value{
		target: variable(read),
		mapper: reader(func(s string) (words, error) {
			var all words
			for word := range strings.SplitSeq(s, ",") {
				if word = strings.TrimSpace(word); word != "" {
					all = append(all, word)
				}
			}
			return all, nil
		}),
		accept: func() error { *field = *read; return nil },
	}
}

// toggle makes a setting that is off unless it is given.
func toggle(field *bool) value {
	return value{target: variable(field), mapper: kong.NewRegistry().RegisterDefaults().ForType(reflect.TypeFor[bool]())}
}

// option is one word of a choice, and what it means.
type option[T any] struct {
	word  string
	value T
}

// choice makes a setting of one of several words. fallback is one of them.
func choice[T any](field *T, fallback string, options ...option[T]) value {
	read := new(string)
	v := text(read, fallback)
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = o.word
	}
	v.bounds = strings.Join(words, ", ")
	v.accept = func() error {
		i := slices.Index(words, *read)
		if i < 0 {
			return fmt.Errorf("%q, but must be one of %s", *read, v.bounds)
		}
		*field = options[i].value
		return nil
	}
	return v
}

// named returns options that are written as they print themselves.
func named[T fmt.Stringer](values ...T) []option[T] {
	all := make([]option[T], len(values))
	for i, v := range values {
		all[i] = option[T]{v.String(), v}
	}
	return all
}

// word makes a choice that the configuration keeps as a word too.
func word(field *string, fallback string, words ...string) value {
	options := make([]option[string], len(words))
	for i, w := range words {
		options[i] = option[string]{w, w}
	}
	return choice(field, fallback, options...)
}

// notation is how numbers of one kind are written.
type notation[T ~int | ~int64] struct {
	parse  func(string) (T, error)
	format func(T) string
}

// ranged makes a setting of a number, written in a notation, within bounds.
func ranged[T ~int | ~int64](field *T, fallback T, within number.Range[T], n notation[T]) value {
	bounds := n.format(within.Least) + " to " + n.format(within.Most)
	return value{
		target: variable(field), fallback: n.format(fallback), bounds: bounds, mapper: reader(n.parse),
		accept: func() error {
			if !within.Holds(*field) {
				return fmt.Errorf("%s, but must be from %s", n.format(*field), bounds)
			}
			return nil
		},
	}
}

// count makes a setting of a plain number.
func count[T ~int | ~int64](field *T, fallback T, within number.Range[T]) value {
	return ranged(field, fallback, within, notation[T]{
		parse: func(s string) (T, error) {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || int64(T(n)) != n {
				return 0, fmt.Errorf("%q is not a whole number of at most 64 bits", s)
			}
			return T(n), nil
		},
		format: func(n T) string { return strconv.FormatInt(int64(n), 10) },
	})
}

// byteSize makes a setting of a number of bytes.
func byteSize(field *int64, fallback int64, within number.Range[int64]) value {
	return ranged(field, fallback, within, notation[int64]{number.ParseSize, number.FormatSize})
}

// byteSizeOrNone makes a setting of a number of bytes whose 0 means none. The field
// gets -1 then, because a field of 0 means the default.
func byteSizeOrNone(field *int64, fallback, most int64) value {
	read := new(int64)
	v := byteSize(read, fallback, number.Range[int64]{Most: most})
	check := v.accept
	v.accept = func() error {
		*field = *read
		if *read == 0 {
			*field = -1
		}
		return check()
	}
	return v
}

// duration makes a setting of a length of time.
func duration(field *time.Duration, fallback time.Duration, within number.Range[time.Duration]) value {
	return ranged(field, fallback, within, notation[time.Duration]{number.ParseDuration, number.FormatDuration})
}

// notEmpty adds to a setting of text that it must not be empty.
func notEmpty(v value) value {
	v.accept = func() error {
		if v.target.String() == "" {
			return errors.New("empty, but must not be")
		}
		return nil
	}
	return v
}
