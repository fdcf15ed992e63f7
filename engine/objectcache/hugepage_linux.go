package objectcache

import "syscall"

// preferHugePages asks for huge pages behind b. A system that has none ignores it.
func preferHugePages(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }
