package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table prints rows in columns. Where a row does not fit into [lineWidth], each row becomes a
// block of lines: nothing is cut off, and nothing wraps.
type table struct {
	columns []string
	rows    [][]string
}

func newTable(columns ...string) *table { return &table{columns: columns} }

// add adds a row with a value for each column.
func (t *table) add(values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = fmt.Sprint(v)
	}
	t.rows = append(t.rows, row)
}

// print prints the table. Columns without any value are left out.
func (t *table) print(out io.Writer) error {
	widths, all := t.widths()
	var b strings.Builder
	if all <= lineWidth {
		t.line(&b, t.columns, widths)
		for _, row := range t.rows {
			t.line(&b, row, widths)
		}
	} else {
		t.blocks(&b, widths)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

const columnGap = 2

// widths returns the width of each column, 0 for those that are left out, and that of a whole
// line.
func (t *table) widths() (widths []int, all int) {
	widths = make([]int, len(t.columns))
	for i, name := range t.columns {
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		if widths[i] > 0 || len(t.rows) == 0 {
			widths[i] = max(widths[i], utf8.RuneCountInString(name))
			all += widths[i] + columnGap
		}
	}
	return widths, all - columnGap
}

func (t *table) line(b *strings.Builder, values []string, widths []int) {
	var line strings.Builder
	for i, v := range values {
		if widths[i] > 0 {
			line.WriteString(v + strings.Repeat(" ", widths[i]+columnGap-utf8.RuneCountInString(v)))
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// blocks writes each row as lines "column value", under the value of the first column.
func (t *table) blocks(b *strings.Builder, widths []int) {
	name := 0
	for i, column := range t.columns {
		if i > 0 && widths[i] > 0 {
			name = max(name, len(column))
		}
	}
	for _, row := range t.rows {
		b.WriteString(row[0] + "\n")
		for i := 1; i < len(row); i++ {
			if row[i] != "" {
				fmt.Fprintf(b, "  %-*s  %s\n", name, strings.ToLower(t.columns[i]), row[i])
			}
		}
	}
}
