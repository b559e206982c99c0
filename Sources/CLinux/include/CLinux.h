// What Swift cannot import from the C library: variadic functions, macros with arguments, names
// behind _GNU_SOURCE, system calls without a wrapper in glibc 2.36. Each function is one call or
// one macro; the decisions are in LinuxSystem. Functions return what the call returns and leave
// errno as it sets it.
//
// This header includes no header of the C library: they would become part of this module with other
// definitions than in Swift's module for the C library, and the two could not be imported together.
// So the functions are out of line, and structures are passed as untyped pointers.
#pragma once

#include <stddef.h>
#include <stdint.h>

// errno is a macro and belongs to the calling thread.
int clinux_errno(void);

// Names that do not depend on the locale, so that they are safe in every thread; NULL when unknown.
const char *clinux_errno_name(int number);
const char *clinux_errno_text(int number);
const char *clinux_signal_abbreviation(int signal);
int clinux_sigrtmin(void);
int clinux_sigrtmax(void);

// Variadic calls.
int clinux_open(const char *path, int flags, unsigned int mode);
int clinux_fcntl(int fd, int command, int argument);
extern const int clinux_o_path;

// The two ends of a pipe, read end first, close-on-exec.
int clinux_pipe(int *ends);
// Closes the descriptors from `first` to `last`, both included.
int clinux_close_range(unsigned int first, unsigned int last, unsigned int flags);
extern const unsigned int clinux_close_range_unshare;
// Of the calling thread, 15 bytes at most.
int clinux_name_thread(const char *name);
// Bytes that can be read now.
int clinux_unread(int fd, int *count);

// memfd and seals.
int clinux_memfd_create(const char *name, unsigned int flags);
extern const unsigned int clinux_mfd_cloexec;
extern const unsigned int clinux_mfd_allow_sealing;
extern const unsigned int clinux_mfd_noexec_seal;
extern const int clinux_f_add_seals;
extern const int clinux_f_get_seals;
extern const int clinux_f_seal_seal;
extern const int clinux_f_seal_shrink;
extern const int clinux_f_seal_grow;
extern const int clinux_f_seal_write;

// Processes.
int clinux_pidfd_open(int pid);
int clinux_pidfd_send_signal(int pidfd, int signal);
// One WNOHANG wait. *pid is 0 while the process runs; *code is CLD_EXITED, CLD_KILLED or
// CLD_DUMPED.
int clinux_wait_pidfd(int pidfd, int *pid, int *code, int *status);
// Whether the system discards this process's children without a wait: their pids are then free at
// once.
int clinux_children_are_discarded(void);
// PR_SET_CHILD_SUBREAPER.
int clinux_adopt_orphans(void);

long clinux_getxattr(const char *path, const char *name, void *value, size_t size);

// Resource limits: the first parameter has an enumeration's type in glibc.
int clinux_getrlimit(int resource, uint64_t *soft, uint64_t *hard);
int clinux_setrlimit(int resource, uint64_t soft, uint64_t hard);
extern const int clinux_rlimit_nofile;
extern const int clinux_rlimit_core;
extern const int clinux_rlimit_as;
extern const int clinux_rlimit_data;
extern const int clinux_rlimit_memlock;
extern const int clinux_rlimit_stack;
extern const int clinux_rlimit_nproc;
extern const int clinux_rlimit_cpu;

// Sockets. The types of the constants are enumerations in glibc.
extern const int clinux_sock_stream;
extern const int clinux_sock_seqpacket;
extern const int clinux_sock_cloexec;
extern const int clinux_sock_nonblock;
extern const int clinux_msg_nosignal;
extern const int clinux_msg_cmsg_cloexec;
extern const int clinux_msg_trunc;
extern const int clinux_msg_ctrunc;
extern const int clinux_scm_rights;
int clinux_accept(int fd, int flags);
int clinux_peer_credentials(int fd, int *pid, unsigned int *uid, unsigned int *gid);

// Control messages: the CMSG macros.
size_t clinux_cmsg_len(size_t byteCount);
size_t clinux_cmsg_space(size_t byteCount);
void *clinux_cmsg_first(void *message);
void *clinux_cmsg_next(void *message, void *header);
void *clinux_cmsg_data(void *header);

// Events.
int clinux_eventfd(unsigned int value);
int clinux_timerfd(void);
// One expiry after this time from now; zero disarms.
int clinux_timerfd_set(int fd, uint64_t nanoseconds);

// What the program and its libraries have mapped of their files: `body` is called for each part.
void clinux_each_segment(void (*body)(uintptr_t start, size_t size, int isWritable));

/// malloc_trim(3): gives the free pages of all heaps back.
void clinux_trim_heap(void);
