package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// test is one kind of command that can be measured.
type test struct {
	name    string
	reads   bool // no WAIT follows
	foreign bool // redis-benchmark does not have it, or not on many keys
	// filled are the words of the command that makes a key ready, without the key and the
	// elements; nil: no key has to be there.
	filled *filling
	// words returns the words of a command on a key.
	words func(l *ownLoad, key, value string) []string
}

// filling is the command that writes a whole key: before the key its prefix, and behind it
// the elements.
type filling struct {
	command, prefix string
	element         func(n int, value string) []string
}

func field(n int, value string) []string  { return []string{fmt.Sprint("field:", n), value} }
func member(n int, _ string) []string     { return []string{fmt.Sprint("member:", n)} }
func scored(n int, _ string) []string     { return []string{fmt.Sprint(n), fmt.Sprint("member:", n)} }
func item(_ int, value string) []string   { return []string{value} }
func (l *ownLoad) anyElement() int        { return rand.IntN(l.Elements) }
func (f *filling) key(name string) string { return f.prefix + name }

var (
	hash      = &filling{"HSET", "hash:", field}
	set       = &filling{"SADD", "set:", member}
	sortedSet = &filling{"ZADD", "zset:", scored}
	list      = &filling{"LPUSH", "list:", item}
)

// one returns the words of a command that writes one element of a key.
func (f *filling) one(l *ownLoad, key, value string) []string {
	return append([]string{f.command, f.key(key)}, f.element(l.anyElement(), value)...)
}

// tests are all tests, by name.
var tests = []test{
	{name: "set", words: func(_ *ownLoad, key, value string) []string { return []string{"SET", key, value} }},
	{name: "get", reads: true, filled: &filling{command: "SET"}, words: func(_ *ownLoad, key, _ string) []string { return []string{"GET", key} }},
	{name: "incr", words: func(_ *ownLoad, key, _ string) []string { return []string{"INCR", "counter:" + key} }},
	{name: "mset", words: func(l *ownLoad, _, value string) []string {
		words := []string{"MSET"}
		for range 10 {
			words = append(words, l.anyKey(), value)
		}
		return words
	}},
	{name: "hset", foreign: true, words: hash.one},
	{name: "hget", reads: true, foreign: true, filled: hash, words: func(l *ownLoad, key, _ string) []string {
		return []string{"HGET", hash.key(key), field(l.anyElement(), "")[0]}
	}},
	{name: "hgetall", reads: true, foreign: true, filled: hash, words: func(_ *ownLoad, key, _ string) []string { return []string{"HGETALL", hash.key(key)} }},
	{name: "sadd", foreign: true, words: set.one},
	{name: "sismember", reads: true, foreign: true, filled: set, words: func(l *ownLoad, key, _ string) []string {
		return []string{"SISMEMBER", set.key(key), member(l.anyElement(), "")[0]}
	}},
	{name: "smembers", reads: true, foreign: true, filled: set, words: func(_ *ownLoad, key, _ string) []string { return []string{"SMEMBERS", set.key(key)} }},
	{name: "zadd", foreign: true, words: sortedSet.one},
	{name: "zrangebyscore", reads: true, foreign: true, filled: sortedSet, words: func(l *ownLoad, key, _ string) []string {
		from := l.anyElement()
		return []string{"ZRANGEBYSCORE", sortedSet.key(key), fmt.Sprint(from), fmt.Sprint(from + 10)}
	}},
	{name: "lpush", foreign: true, words: list.one},
	{name: "xadd", foreign: true, words: func(l *ownLoad, key, value string) []string {
		return []string{"XADD", "stream:" + key, "MAXLEN", "~", fmt.Sprint(l.Elements), "*", "field", value}
	}},
	// An empty list answers nil, which costs less: see that there are more items than requests.
	{name: "lpop", foreign: true, filled: list, words: func(_ *ownLoad, key, _ string) []string { return []string{"LPOP", list.key(key)} }},
}

// testOf returns the test of a name, or an error that names all of them.
func testOf(name string) (*test, error) {
	if at := slices.IndexFunc(tests, func(t test) bool { return t.name == name }); at >= 0 {
		return &tests[at], nil
	}
	var names []string
	for _, t := range tests {
		names = append(names, t.name)
	}
	return nil, fmt.Errorf("test %q: must be one of %s", name, strings.Join(names, ", "))
}

// append appends one command of the test on a key. Olric has SET and GET alone.
func (t *test) append(dst []byte, l *ownLoad, d dialect, key, value string) []byte {
	if !d.olric {
		return appendWords(dst, t.words(l, key, value)...)
	}
	if t.reads {
		return appendWords(dst, "DM.GET", "bench", key)
	}
	return appendWords(dst, "DM.PUT", "bench", key, value)
}

// append appends the command that writes a whole key.
func (f *filling) append(dst []byte, l *ownLoad, d dialect, key, value string) []byte {
	switch {
	case d.olric:
		return appendWords(dst, "DM.PUT", "bench", key, value)
	case f.element == nil:
		return appendWords(dst, f.command, key, value)
	}
	words := []string{f.command, f.key(key)}
	for n := range l.Elements {
		words = append(words, f.element(n, value)...)
	}
	return appendWords(dst, words...)
}
