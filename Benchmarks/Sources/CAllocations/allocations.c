// Stands in front of the C library's allocator and counts. One thread only.
#include "allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static size_t count;
static size_t bytes;

static void *counted(void *memory) {
    if (memory) {
        count++;
        bytes += malloc_usable_size(memory);
    }
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t n, size_t size) { return counted(__libc_calloc(n, size)); }

void *realloc(void *old, size_t size) {
    if (old) bytes -= malloc_usable_size(old);
    return counted(__libc_realloc(old, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = counted(__libc_memalign(alignment, size));
    return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
    if (memory) bytes -= malloc_usable_size(memory);
    __libc_free(memory);
}

size_t allocation_count(void) { return count; }

size_t allocated_bytes(void) { return bytes; }
