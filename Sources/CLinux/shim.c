// The bodies of CLinux.h.
#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// Linux 6.3; the C library's headers of Debian 12 are older.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int clinux_errno(void) { return errno; }

const char *clinux_errno_name(int number) { return strerrorname_np(number); }
const char *clinux_errno_text(int number) { return strerrordesc_np(number); }
const char *clinux_signal_abbreviation(int signal) { return sigabbrev_np(signal); }
int clinux_sigrtmin(void) { return SIGRTMIN; }
int clinux_sigrtmax(void) { return SIGRTMAX; }

int clinux_open(const char *path, int flags, unsigned int mode) { return open(path, flags, mode); }
int clinux_fcntl(int fd, int command, int argument) { return fcntl(fd, command, argument); }

const int clinux_o_path = O_PATH;

int clinux_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int clinux_close_range(unsigned int first, unsigned int last, unsigned int flags) {
    return close_range(first, last, (int)flags);
}
const unsigned int clinux_close_range_unshare = CLOSE_RANGE_UNSHARE;
int clinux_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_unread(int fd, int *count) { return ioctl(fd, FIONREAD, count); }

int clinux_memfd_create(const char *name, unsigned int flags) { return memfd_create(name, flags); }
const unsigned int clinux_mfd_cloexec = MFD_CLOEXEC;
const unsigned int clinux_mfd_allow_sealing = MFD_ALLOW_SEALING;
const unsigned int clinux_mfd_noexec_seal = MFD_NOEXEC_SEAL;
const int clinux_f_add_seals = F_ADD_SEALS;
const int clinux_f_get_seals = F_GET_SEALS;
const int clinux_f_seal_seal = F_SEAL_SEAL;
const int clinux_f_seal_shrink = F_SEAL_SHRINK;
const int clinux_f_seal_grow = F_SEAL_GROW;
const int clinux_f_seal_write = F_SEAL_WRITE;

int clinux_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }
int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}
int clinux_wait_pidfd(int pidfd, int *pid, int *code, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    *pid = info.si_pid;
    *code = info.si_code;
    *status = info.si_status;
    return result;
}
int clinux_children_are_discarded(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    if (sigaction(SIGCHLD, NULL, &action) != 0) return 0;
    return action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0;
}

int clinux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

long clinux_getxattr(const char *path, const char *name, void *value, size_t size) {
    return getxattr(path, name, value, size);
}

int clinux_getrlimit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    memset(&limit, 0, sizeof limit);
    int result = getrlimit((__rlimit_resource_t)resource, &limit);
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return result;
}
int clinux_setrlimit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit((__rlimit_resource_t)resource, &limit);
}
const int clinux_rlimit_nofile = RLIMIT_NOFILE;
const int clinux_rlimit_core = RLIMIT_CORE;
const int clinux_rlimit_as = RLIMIT_AS;
const int clinux_rlimit_data = RLIMIT_DATA;
const int clinux_rlimit_memlock = RLIMIT_MEMLOCK;
const int clinux_rlimit_stack = RLIMIT_STACK;
const int clinux_rlimit_nproc = RLIMIT_NPROC;
const int clinux_rlimit_cpu = RLIMIT_CPU;

const int clinux_sock_stream = SOCK_STREAM;
const int clinux_sock_seqpacket = SOCK_SEQPACKET;
const int clinux_sock_cloexec = SOCK_CLOEXEC;
const int clinux_sock_nonblock = SOCK_NONBLOCK;
const int clinux_msg_nosignal = MSG_NOSIGNAL;
const int clinux_msg_cmsg_cloexec = MSG_CMSG_CLOEXEC;
const int clinux_msg_trunc = MSG_TRUNC;
const int clinux_msg_ctrunc = MSG_CTRUNC;
const int clinux_scm_rights = SCM_RIGHTS;
int clinux_accept(int fd, int flags) { return accept4(fd, NULL, NULL, flags); }
int clinux_peer_credentials(int fd, int *pid, unsigned int *uid, unsigned int *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    memset(&credentials, 0, sizeof credentials);
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return result;
}

size_t clinux_cmsg_len(size_t byteCount) { return CMSG_LEN(byteCount); }
size_t clinux_cmsg_space(size_t byteCount) { return CMSG_SPACE(byteCount); }
void *clinux_cmsg_first(void *message) { return CMSG_FIRSTHDR((struct msghdr *)message); }
void *clinux_cmsg_next(void *message, void *header) {
    return CMSG_NXTHDR((struct msghdr *)message, (struct cmsghdr *)header);
}
void *clinux_cmsg_data(void *header) { return CMSG_DATA((struct cmsghdr *)header); }

int clinux_eventfd(unsigned int value) { return eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK); }
int clinux_timerfd(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK); }
int clinux_timerfd_set(int fd, uint64_t nanoseconds) {
    struct itimerspec time;
    memset(&time, 0, sizeof time);
    time.it_value.tv_sec = (time_t)(nanoseconds / 1000000000U);
    time.it_value.tv_nsec = (long)(nanoseconds % 1000000000U);
    return timerfd_settime(fd, 0, &time, NULL);
}

typedef void (*segment_body)(uintptr_t start, size_t size, int isWritable);

static int tell_segments(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    segment_body body = *(segment_body *)data;
    for (size_t index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_LOAD) continue;
        body(info->dlpi_addr + header->p_vaddr, header->p_memsz, (header->p_flags & PF_W) != 0);
    }
    return 0;
}

void clinux_each_segment(segment_body body) { dl_iterate_phdr(tell_segments, &body); }

void clinux_trim_heap(void) { malloc_trim(0); }
