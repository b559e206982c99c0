// The floor of the supervision benchmark: starts its children again when they end, nothing else.
//
//     supervisor COUNT CHILD REPORTS [SUFFIX]
//
// The argument of child I is "REPORTS:I" and the suffix (see child.c). Knows no backoff, reads no
// output, keeps no state but the pidfds.
#define _GNU_SOURCE

#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *program, *reports, *suffix;
static int loop;
static int *pidfds;

_Noreturn static void die(const char *what) {
    perror(what);
    exit(1);
}

static void start(uint32_t index) {
    char text[4200];
    snprintf(text, sizeof text, "%s:%u%s", reports, index, suffix);
    char *arguments[] = {(char *)program, text, NULL};
    pid_t pid;
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0) die(program);
    pidfds[index] = pidfd_open(pid, 0);
    if (pidfds[index] < 0) die("pidfd_open");
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, pidfds[index], &event) != 0) die("epoll_ctl");
}

int main(int count, char **arguments) {
    if (count < 4) exit(64);
    uint32_t children = (uint32_t)atol(arguments[1]);
    program = arguments[2];
    reports = arguments[3];
    suffix = count > 4 ? arguments[4] : "";
    struct rlimit files = {65536, 65536};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    pidfds = calloc(children, sizeof *pidfds);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (loop < 0 || pidfds == NULL) die("start");
    for (uint32_t index = 0; index < children; index++) start(index);
    while (1) {
        struct epoll_event events[64];
        int ready = epoll_wait(loop, events, 64, -1);
        for (int event = 0; event < ready; event++) {
            uint32_t index = events[event].data.u32;
            siginfo_t end;
            if (waitid(P_PIDFD, (id_t)pidfds[index], &end, WEXITED) != 0) die("waitid");
            close(pidfds[index]);
            start(index);
        }
    }
}
