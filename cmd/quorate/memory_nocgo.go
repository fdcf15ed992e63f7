//go:build !cgo

package main

// pebbleOffHeap: without cgo all of Pebble's memory is Go's.
const pebbleOffHeap = false
