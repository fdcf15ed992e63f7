package problem

import "github.com/quorate/quorate/admin/api"

// Counts returns how many problems there are of each kind, 0 included.
func Counts(all []api.Problem) map[string]int {
	counts := make(map[string]int, len(Kinds))
	for _, kind := range Kinds {
		counts[kind] = 0
	}
	for _, p := range all {
		counts[p.Kind]++
	}
	return counts
}

// Has says which node has which kind of problem.
type Has struct{ Kind, Node string }

// Since returns since when nodes have problems, as unix milliseconds: of several of one kind
// the earliest.
func Since(all []api.Problem) map[Has]int64 {
	since := make(map[Has]int64)
	for _, p := range all {
		of := Has{p.Kind, p.Node}
		since[of] = earlier(since[of], p.SinceMillis)
	}
	return since
}
