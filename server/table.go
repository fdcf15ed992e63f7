package server

import (
	"slices"
	"strings"
)

// commandRows is the table: groups of rows, in files of their own.
// Arity, flags, key positions, categories and summaries are Redis's, but for what
// quorate adds or does not promise.
func commandRows() []command {
	rows := slices.Concat(stringRows(), keyRows(), connectionRows(), serverRows(), watchRows(), aclRows(), clusterRows(), dynamoRows())
	slices.SortFunc(rows, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return rows
}
