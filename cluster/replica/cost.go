// # Where a SET's microseconds go
//
// Three nodes, W=2, interval, 50 clients of one of them, 100 bytes over 100,000
// keys that are all in the object cache; processor time of all three nodes
// together, from profiles of each (server --pprof, curl /debug/pprof/profile):
//
//	                                        P=16     P=1
//	a SET, microseconds                    15-19   34-37
//	  inserting into Pebble's memtables      33 %    25 %
//	  its flushes and compactions            17 %     6 %
//	  object cache, read and written         15 %     8 %
//	  rest of the engine: locks, books        9 %     3 %
//	  versions: decode, put, merge, digest    7 %     3 %
//	  coordinator: waves, quorums           4 %     9 %
//	  peer frames                             3 %     5 %
//	  peer sockets                            2 %    11 %
//	  client sockets                          4 %    20 %
//	  scheduler, timers, collector            3 %     6 %
//	  commands, the rest                      3 %     4 %
//
// Half of a pipelined SET is three inserts into a skip list, each of which is a
// chain of cache misses; a memtable that is four times as large makes them a fifth
// dearer. A single SET is mostly system calls and wake-ups: two for the client,
// and a share of those between the nodes, which is small because what is sent at
// one moment leaves in one write (peer.pen).
//
// Neither allocates: waves, frames, records and results use the same memory
// again (pool.go, Request.Reset; held by a test in package cluster).
//
// A value is copied, on its way through the coordinator, from the socket into the
// client's buffer, from there into the encoded object, and from that into
// Pebble's batch, its memtable and log, the object cache, and each peer's frame
// and outbox (above 32 KiB the outbox refers to the frame); on a replica from the
// socket into the stream's buffer, and from there into batch, memtable, log and
// cache. Objects above an eighth of a cache's generation are not cached.
package replica
