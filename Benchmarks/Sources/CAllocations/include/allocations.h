#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stddef.h>

/// Calls of malloc, calloc, realloc and aligned allocation since the start of the process.
size_t allocation_count(void);

/// Bytes in use, as malloc_usable_size counts them.
size_t allocated_bytes(void);

#endif
