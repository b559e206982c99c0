// Runs between the start of a worker and its program: makes the process clean, then becomes the
// program.
//
// The daemon starts this with posix_spawn, so that nothing of the daemon's own code runs in a child
// that still shares the daemon's memory. It is linked statically and uses only the C library: it
// must not depend on the libraries, the locks or the memory of anybody.
//
//     kernelsup-exec SETTING... -- EXECUTABLE ARGUMENT0 [ARGUMENT...]
//
// SETTING is one of the following; `report` and `parent` are required, `fd` and `limit` can repeat.
//
//     report=FD               the pipe for the report (below), inherited
//     parent=PID              the process that started this
//     umask=MODE              octal, 0 to 777
//     fd=FROM:TO              descriptor FROM becomes number TO; TO appears once
//     limit=RESOURCE:SOFT:HARD   setrlimit, decimal; 18446744073709551615 is "unlimited"
//     oom=N                   /proc/self/oom_score_adj, -1000 to 1000
//     cgroup=PATH             directory of the control group (version 2) that it joins
//     groups=GID[,GID...]     supplementary groups in place of the present ones; "groups=" for none
//     gid=GID                 group, real, effective and saved
//     uid=UID                 user, likewise; the last step that can need privileges
//     cwd=PATH                working directory, entered as that user
//     nonewprivs              PR_SET_NO_NEW_PRIVS
//
// The environment goes on as it came. Numbers 0, 1 and 2 that no `fd` names become /dev/null; every
// other descriptor is closed. EXECUTABLE is an absolute path: nothing is looked up in PATH.
//
// The report: when the program starts, the pipe ends without a byte. When something fails, the pipe
// gets one record of at most 1036 bytes and then ends, and the exit status is 127 when the program
// is missing and 126 otherwise. The record, in the machine's byte order:
//
//     0  uint32   version, 1
//     4  uint32   stage, enum stage below
//     8  int32    errno; 0 when no call failed
//    12  char[]   what it was about: a path, a number, a setting; not terminated
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    REPORT_VERSION = 1,
    REPORT_SUBJECT_BYTES = 1024,
    // A packet passes 253 descriptors at most, and three more are standard.
    MAX_MOVES = 256,
    MAX_LIMITS = 32,
    MAX_GROUPS = 1024,
    SIGNAL_COUNT = 64,
    EXIT_FAILED = 126,
    EXIT_MISSING = 127,
};

// The numbers are part of the report's format; SpawnFailure.Stage in the daemon repeats them.
enum stage {
    STAGE_SETTINGS = 1,
    STAGE_PARENT_DEATH_SIGNAL = 2,
    STAGE_PARENT_GONE = 3,
    STAGE_SIGNALS = 4,
    STAGE_SESSION = 5,
    STAGE_OOM_SCORE = 6,
    STAGE_DESCRIPTORS = 7,
    STAGE_WORKING_DIRECTORY = 8,
    STAGE_LIMITS = 9,
    STAGE_PRIVILEGES = 10,
    STAGE_EXEC = 11,
    STAGE_INTERPRETER = 12,
    STAGE_CGROUP = 13,
    STAGE_GROUPS = 14,
    STAGE_USER = 15,
};

// The number above means "no change" to the calls that set one.
static const uint64_t MAX_ID = UINT32_MAX - 1;

struct move {
    int from;
    int to;
};

struct limit {
    int resource;
    struct rlimit value;
};

struct settings {
    int report;
    pid_t parent;
    int has_umask;
    mode_t umask;
    // Three more for /dev/null.
    struct move moves[MAX_MOVES + 3];
    size_t move_count;
    struct limit limits[MAX_LIMITS];
    size_t limit_count;
    const char *oom_score;
    const char *cgroup;
    int has_groups;
    gid_t groups[MAX_GROUPS];
    size_t group_count;
    int has_gid;
    gid_t gid;
    int has_uid;
    uid_t uid;
    const char *working_directory;
    int no_new_privileges;
    const char *executable;
    char **arguments;
};

// Static and not on the stack: its size is known before main, and a low stack limit cannot hit it.
static struct settings settings = {.report = -1, .parent = -1};

// Tells the daemon what failed and ends the process.
_Noreturn static void fail(enum stage stage, int error, const char *subject) {
    struct {
        uint32_t version;
        uint32_t stage;
        int32_t error;
    } head = {REPORT_VERSION, (uint32_t)stage, error};
    struct iovec parts[2] = {
        {.iov_base = &head, .iov_len = sizeof head},
        {.iov_base = (void *)subject, .iov_len = strnlen(subject, REPORT_SUBJECT_BYTES)},
    };
    // Shorter than PIPE_BUF, so it is written whole. Nobody is left to tell when it fails.
    if (settings.report >= 0) (void)!writev(settings.report, parts, 2);
    int missing = stage == STAGE_EXEC && error == ENOENT;
    _exit(missing ? EXIT_MISSING : EXIT_FAILED);
}

// fail, about a number.
_Noreturn static void fail_number(enum stage stage, int error, const char *what, long long number) {
    char subject[64];
    snprintf(subject, sizeof subject, "%s %lld", what, number);
    fail(stage, error, subject);
}

// Reads a decimal or octal number up to `end` and moves `*text` behind it; refuses the empty one.
static int read_number(const char **text, char end, int base, uint64_t most, uint64_t *number) {
    if (**text < '0' || **text > '9') return 0;
    char *rest;
    errno = 0;
    *number = strtoull(*text, &rest, base);
    if (errno != 0 || *rest != end || *number > most) return 0;
    *text = end == '\0' ? rest : rest + 1;
    return 1;
}

// The text behind "NAME=" of a setting, or NULL when it is another one.
static const char *value_of(const char *setting, const char *name) {
    size_t length = strlen(name);
    return strncmp(setting, name, length) == 0 ? setting + length : NULL;
}

static int read_move(const char *text) {
    uint64_t from, to;
    if (settings.move_count == MAX_MOVES || !read_number(&text, ':', 10, INT32_MAX, &from)
        || !read_number(&text, '\0', 10, INT32_MAX, &to))
        return 0;
    for (size_t i = 0; i < settings.move_count; i++)
        if (settings.moves[i].to == (int)to) return 0;
    settings.moves[settings.move_count++] = (struct move){(int)from, (int)to};
    return 1;
}

static int read_limit(const char *text) {
    uint64_t resource, soft, hard;
    if (settings.limit_count == MAX_LIMITS || !read_number(&text, ':', 10, INT32_MAX, &resource)
        || !read_number(&text, ':', 10, UINT64_MAX, &soft)
        || !read_number(&text, '\0', 10, UINT64_MAX, &hard))
        return 0;
    settings.limits[settings.limit_count++]
        = (struct limit){(int)resource, {.rlim_cur = soft, .rlim_max = hard}};
    return 1;
}

static int read_groups(const char *text) {
    settings.has_groups = 1;
    while (*text != '\0') {
        uint64_t group;
        char end = strchr(text, ',') ? ',' : '\0';
        if (settings.group_count == MAX_GROUPS || !read_number(&text, end, 10, MAX_ID, &group))
            return 0;
        settings.groups[settings.group_count++] = (gid_t)group;
    }
    return 1;
}

static int read_setting(const char *setting) {
    const char *value;
    uint64_t number;
    if ((value = value_of(setting, "report="))) {
        if (!read_number(&value, '\0', 10, INT32_MAX, &number)) return 0;
        settings.report = (int)number;
        return 1;
    }
    if ((value = value_of(setting, "parent="))) {
        if (!read_number(&value, '\0', 10, INT32_MAX, &number)) return 0;
        settings.parent = (pid_t)number;
        return 1;
    }
    if ((value = value_of(setting, "umask="))) {
        if (!read_number(&value, '\0', 8, 0777, &number)) return 0;
        settings.umask = (mode_t)number;
        settings.has_umask = 1;
        return 1;
    }
    if ((value = value_of(setting, "fd="))) return read_move(value);
    if ((value = value_of(setting, "limit="))) return read_limit(value);
    if ((value = value_of(setting, "oom="))) return (settings.oom_score = value) != NULL;
    if ((value = value_of(setting, "cgroup="))) return (settings.cgroup = value) != NULL;
    if ((value = value_of(setting, "groups="))) return read_groups(value);
    if ((value = value_of(setting, "gid="))) {
        if (!read_number(&value, '\0', 10, MAX_ID, &number)) return 0;
        settings.gid = (gid_t)number;
        settings.has_gid = 1;
        return 1;
    }
    if ((value = value_of(setting, "uid="))) {
        if (!read_number(&value, '\0', 10, MAX_ID, &number)) return 0;
        settings.uid = (uid_t)number;
        settings.has_uid = 1;
        return 1;
    }
    if ((value = value_of(setting, "cwd="))) return (settings.working_directory = value) != NULL;
    if (strcmp(setting, "nonewprivs") == 0) return settings.no_new_privileges = 1;
    return 0;
}

static void read_settings(char **arguments) {
    char **next = arguments[0] ? arguments + 1 : arguments;
    for (; *next && strcmp(*next, "--") != 0; next++)
        if (!read_setting(*next)) fail(STAGE_SETTINGS, EINVAL, *next);
    if (settings.report < 0) fail(STAGE_SETTINGS, EINVAL, "report is missing");
    if (settings.parent < 0) fail(STAGE_SETTINGS, EINVAL, "parent is missing");
    if (!next[0] || !next[1] || !next[2])
        fail(STAGE_SETTINGS, EINVAL, "the executable or its first argument is missing");
    settings.executable = next[1];
    settings.arguments = next + 2;
}

// Dies with the daemon, whatever kills that. A parent that was gone before the signal was set never
// sends it, so look afterwards whether it is still the parent.
static void follow_parent(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        fail(STAGE_PARENT_DEATH_SIGNAL, errno, "prctl PR_SET_PDEATHSIG");
    if (getppid() != settings.parent)
        fail_number(STAGE_PARENT_GONE, ESRCH, "process", settings.parent);
}

// The kernel's calls and not the C library's: that one leaves out signals 32 and 33, which it uses
// itself, and its posix_spawn can leave them ignored.
static void reset_signals(void) {
    // All zero is SIG_DFL without flags on every architecture; the structure is no larger than
    // this.
    const char action[128] = {0};
    for (int number = 1; number <= SIGNAL_COUNT; number++) {
        if (number == SIGKILL || number == SIGSTOP) continue;
        if (syscall(SYS_rt_sigaction, number, action, NULL, SIGNAL_COUNT / 8) != 0)
            fail_number(STAGE_SIGNALS, errno, "signal", number);
    }
    const uint64_t nothing = 0;
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, NULL, SIGNAL_COUNT / 8) != 0)
        fail(STAGE_SIGNALS, errno, "signal mask");
}

static void start_session(void) {
    if (setsid() < 0) fail(STAGE_SESSION, errno, "setsid");
}

static void set_oom_score(void) {
    static const char path[] = "/proc/self/oom_score_adj";
    if (!settings.oom_score) return;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) fail(STAGE_OOM_SCORE, errno, path);
    size_t length = strlen(settings.oom_score);
    ssize_t written = write(fd, settings.oom_score, length);
    // Without the privilege a score can't be lowered below the one that was given from above, in a
    // container for instance. A positive one asks to be killed before others, and that holds then
    // already; a negative one asks for protection, and that must not be lacking unseen.
    int is_held = errno == EACCES && settings.oom_score[0] != '-';
    if (written != (ssize_t)length && !is_held)
        fail(STAGE_OOM_SCORE, errno, settings.oom_score);
    close(fd);
}

// Before the user is changed, who may not do this any more. "0" is who writes, whatever number it
// has in the group's namespace.
static void join_cgroup(void) {
    char path[PATH_MAX];
    if (!settings.cgroup) return;
    int length = snprintf(path, sizeof path, "%s/cgroup.procs", settings.cgroup);
    if (length < 0 || (size_t)length >= sizeof path)
        fail(STAGE_CGROUP, ENAMETOOLONG, settings.cgroup);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) fail(STAGE_CGROUP, errno, path);
    close(fd);
}

static int compare_targets(const void *left, const void *right) {
    int a = ((const struct move *)left)->to;
    int b = ((const struct move *)right)->to;
    return (a > b) - (a < b);
}

// Whether some move fills this number.
static int is_target(int number) {
    for (size_t i = 0; i < settings.move_count; i++)
        if (settings.moves[i].to == number) return 1;
    return 0;
}

static void close_between(int first, int last) {
    if (first > last) return;
    if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0U) != 0)
        fail_number(STAGE_DESCRIPTORS, errno, "close_range from", first);
}

// Numbers can overlap: 3 wants to be 4 while 4 wants to be 3, or the report pipe has the number of
// a target. So everything is copied above all targets first and down to its place afterwards.
static void move_descriptors(void) {
    int floor = 3;
    for (size_t i = 0; i < settings.move_count; i++)
        if (settings.moves[i].to >= floor) floor = settings.moves[i].to + 1;

    int report = fcntl(settings.report, F_DUPFD_CLOEXEC, floor);
    if (report < 0) fail_number(STAGE_DESCRIPTORS, errno, "room for numbers from", floor);
    settings.report = report;
    for (size_t i = 0; i < settings.move_count; i++) {
        struct move *move = &settings.moves[i];
        int copy = fcntl(move->from, F_DUPFD_CLOEXEC, floor);
        if (copy < 0) fail_number(STAGE_DESCRIPTORS, errno, "descriptor", move->from);
        move->from = copy;
    }
    for (int number = 0; number <= 2; number++) {
        if (is_target(number)) continue;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0) fail(STAGE_DESCRIPTORS, errno, "/dev/null");
        int copy = fcntl(null, F_DUPFD_CLOEXEC, floor);
        if (copy < 0) fail(STAGE_DESCRIPTORS, errno, "/dev/null");
        close(null);
        settings.moves[settings.move_count++] = (struct move){copy, number};
    }

    qsort(settings.moves, settings.move_count, sizeof settings.moves[0], compare_targets);
    int next = 0;
    for (size_t i = 0; i < settings.move_count; i++) {
        const struct move *move = &settings.moves[i];
        close_between(next, move->to - 1);
        // The copy is close-on-exec, the target is not.
        if (dup2(move->from, move->to) < 0)
            fail_number(STAGE_DESCRIPTORS, errno, "descriptor number", move->to);
        next = move->to + 1;
    }
    close_between(next, report - 1);
    close_between(report + 1, INT32_MAX);
}

static void enter_working_directory(void) {
    if (!settings.working_directory) return;
    if (chdir(settings.working_directory) != 0)
        fail(STAGE_WORKING_DIRECTORY, errno, settings.working_directory);
}

// After the descriptors, which a low limit would fail, and before the user is changed, who may not
// raise one.
static void set_limits(void) {
    for (size_t i = 0; i < settings.limit_count; i++) {
        const struct limit *limit = &settings.limits[i];
        if (setrlimit((__rlimit_resource_t)limit->resource, &limit->value) != 0)
            fail_number(STAGE_LIMITS, errno, "resource", limit->resource);
    }
}

static void change_user(void) {
    if (settings.has_groups && setgroups(settings.group_count, settings.groups) != 0)
        fail_number(STAGE_GROUPS, errno, "setgroups, groups:", (long long)settings.group_count);
    if (settings.has_gid && setresgid(settings.gid, settings.gid, settings.gid) != 0)
        fail_number(STAGE_GROUPS, errno, "setresgid to group", settings.gid);
    if (settings.has_uid && setresuid(settings.uid, settings.uid, settings.uid) != 0)
        fail_number(STAGE_USER, errno, "setresuid to user", settings.uid);
    // The kernel clears the parent-death signal of a process whose user or group changes.
    if (settings.has_gid || settings.has_uid) follow_parent();
}

static void give_up_privileges(void) {
    if (settings.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(STAGE_PRIVILEGES, errno, "prctl PR_SET_NO_NEW_PRIVS");
}

_Noreturn static void become_program(char **environment) {
    const char *path = settings.executable;
    if (path[0] != '/') fail(STAGE_EXEC, EINVAL, path);
    execve(path, settings.arguments, environment);
    int error = errno;
    // execve says ENOENT for a missing interpreter too, which would send the reader to the wrong
    // file.
    int interpreter = error == ENOENT && faccessat(AT_FDCWD, path, F_OK, 0) == 0;
    fail(interpreter ? STAGE_INTERPRETER : STAGE_EXEC, error, path);
}

int main(int count, char **arguments, char **environment) {
    (void)count;
    read_settings(arguments);
    follow_parent();
    reset_signals();
    start_session();
    if (settings.has_umask) umask(settings.umask);
    set_oom_score();
    join_cgroup();
    move_descriptors();
    set_limits();
    change_user();
    enter_working_directory();
    give_up_privileges();
    become_program(environment);
}
