//go:build cgo

package main

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>

// glibc gives threads arenas of their own, up to eight a core. What one thread
// allocates and another frees, as Pebble does with its cached blocks, leaves each
// of them full of holes, which took as much memory again as the cache itself. It
// reads the limit once, before main: so this runs before that.
__attribute__((constructor)) static void one_arena(void) {
	if (getenv("MALLOC_ARENA_MAX") == NULL)
		mallopt(M_ARENA_MAX, 1);
}
#endif
*/
import "C"

// pebbleOffHeap: with cgo Pebble allocates its block cache and memtables by hand,
// where no collector looks, and where a limit on Go's memory does not count them.
const pebbleOffHeap = true
