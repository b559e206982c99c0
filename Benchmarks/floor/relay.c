// The floor: the least that can stand between a client and a worker and still be a process of its own.
//
//     relay SOCKET WORKER
//
// Listens on SOCKET, starts WORKER as the daemon would and shakes hands with it, then carries
// whole packets with their descriptors in both directions, by epoll, for one client at a time. It reads
// nothing of a frame, decides nothing and remembers nothing.
#define _GNU_SOURCE

#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/un.h>

// Packets taken from one side before the other has its turn, as in the daemon.
enum { packets_per_turn = 16 };

static struct packet packet;

static int start_worker(const char *path) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) die("socketpair");
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(0);
        if (ends[1] == 3) fcntl(3, F_SETFD, 0);
        if (ends[1] != 3 && dup2(ends[1], 3) < 0) _exit(70);
        setenv("KERNELSUP_CHANNEL", "3", 1);
        execl(path, path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    return ends[0];
}

static void shake_hands(int channel) {
    if (receive_packet(channel, &packet, 0) != 1) die("hello");
    static const char name[] = "relay/0";
    start_frame(&packet, type_welcome, 0);
    put16(packet.bytes + 32, 1);
    put32(packet.bytes + 36, 1000);
    put64(packet.bytes + 40, 1);
    put16(packet.bytes + 80, sizeof name - 1);
    append_padded(&packet, name, sizeof name - 1);
    end_frame(&packet);
    if (send_packet(channel, &packet) != 0) die("welcome");
    if (receive_packet(channel, &packet, 0) != 1) die("ready");
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) die(path);
    if (listen(listener, 16) != 0) die("listen");
    return listener;
}

static void watch(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

// Carries what is there. Returns false when `from` has ended.
static bool carry(int from, int to) {
    for (int count = 0; count < packets_per_turn; count++) {
        int result = receive_packet(from, &packet, MSG_DONTWAIT);
        if (result == 0) return false;
        if (result < 0) return errno == EAGAIN || errno == EINTR;
        if (to >= 0) send_packet(to, &packet);
        close_descriptors(&packet);
    }
    return true;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: relay SOCKET WORKER\n");
        return 64;
    }
    int channel = start_worker(arguments[2]);
    shake_hands(channel);
    int listener = listen_at(arguments[1]);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    int client = -1;
    watch(poll, listener);
    watch(poll, channel);
    while (true) {
        struct epoll_event events[4];
        int ready = epoll_wait(poll, events, 4, -1);
        for (int index = 0; index < ready; index++) {
            int source = events[index].data.fd;
            if (source == listener) {
                int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (client >= 0) close(client);
                client = accepted;
                if (client >= 0) watch(poll, client);
            } else if (source == channel) {
                if (!carry(channel, client)) return 0;
            } else if (source == client && !carry(client, channel)) {
                close(client);
                client = -1;
            }
        }
    }
}
