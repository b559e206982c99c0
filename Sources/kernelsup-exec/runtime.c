// The package manager links every program with an object of Swift's runtime, which tells the
// runtime of the program's Swift code and so draws in all of it: 9 MB that each start of a worker
// would map, and initialise. This program has no Swift code; with these in place of the runtime's
// own functions the linker takes nothing of it.

#include <stdbool.h>
#include <stddef.h>

void swift_addNewDSOImage(void *sections) { (void)sections; }

// Referred to from there, so that a debugger finds it.
bool _swift_backtrace_isThunkFunction(const char *name) {
    (void)name;
    return false;
}
