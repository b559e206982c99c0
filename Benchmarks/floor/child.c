// The child of the supervision benchmark: says when it came to life, then waits to be killed.
//
//     child REPORTS:INDEX[:MIB]
//
// One argument, so that it can stand behind `#!` in a run script and no shell takes part. Each
// report is one `struct report` written to the named pipe REPORTS. With MIB it first writes so
// many MiB of lines to its standard error, or to its standard output where FLOOD_STDOUT is set.
//
// With NOTIFY_FD it says there that it is ready, as s6 has it. Under kernelsupd, which sets
// KERNELSUP_CHANNEL, it shakes hands (docs/PROTOCOL.md), as the worker of kernel bench/INDEX, and
// answers probes.
#define _GNU_SOURCE

#include "frames.h"

#include <fcntl.h>

struct report {
    uint32_t index;
    // 1: main() was entered. 2: the hands are shaken. 3: the flood is written.
    uint32_t what;
    uint64_t pid;
    uint64_t at_ns;
};

static int reports;
static uint32_t own_index;

static void report(uint32_t what, uint64_t at_ns) {
    struct report report = {own_index, what, (uint64_t)getpid(), at_ns};
    // Whole, however many children write: it is shorter than PIPE_BUF.
    if (write(reports, &report, sizeof report) != sizeof report) die("report");
}

static void write_all(int file, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0) die("write");
        bytes += written;
        count -= (size_t)written;
    }
}

static void flood(long mebibytes) {
    static char lines[65536];
    const size_t line_length = 128;
    int file = getenv("FLOOD_STDOUT") == NULL ? STDERR_FILENO : STDOUT_FILENO;
    memset(lines, 'x', sizeof lines);
    for (size_t end = line_length; end <= sizeof lines; end += line_length) lines[end - 1] = '\n';
    for (long block = 0; block < mebibytes * 16; block++) write_all(file, lines, sizeof lines);
    report(3, now_ns());
}

static void append_text(struct packet *packet, const char *text) {
    size_t length = strlen(text);
    put16(packet->bytes + packet->length, (uint16_t)length);
    memcpy(packet->bytes + packet->length + 2, text, length);
    packet->length += 2 + length;
}

static void shake_hands(int channel, struct packet *packet) {
    char kernel[32];
    snprintf(kernel, sizeof kernel, "bench/%u", own_index);
    start_frame(packet, type_hello, 0);
    put16(packet->bytes + 32, 1);
    put16(packet->bytes + 34, 1);
    put32(packet->bytes + 36, 1);
    end_frame(packet);
    if (send_packet(channel, packet) != 0) die("hello");
    if (receive_packet(channel, packet, 0) != 1) exit(76);
    if (get16(packet->bytes + 6) != type_welcome) exit(76);
    start_frame(packet, type_ready, 0);
    put16(packet->bytes + 32, 1);
    append_text(packet, "none");
    // Name, summary and problem; not idempotent, no arguments.
    append_text(packet, kernel);
    append_text(packet, "");
    append_text(packet, "");
    memset(packet->bytes + packet->length, 0, 2);
    packet->length += 2;
    end_frame(packet);
    if (send_packet(channel, packet) != 0) die("ready");
    report(2, now_ns());
}

static void serve(int channel) {
    static struct packet packet;
    shake_hands(channel, &packet);
    while (receive_packet(channel, &packet, 0) == 1) {
        switch (get16(packet.bytes + 6)) {
        case type_probe:
            // Status 0: a call now would be served.
            start_frame(&packet, type_probed, get64(packet.bytes + 16));
            end_frame(&packet);
            if (send_packet(channel, &packet) != 0) exit(0);
            break;
        case type_shutdown: exit(0);
        default: close_descriptors(&packet);
        }
    }
    exit(0);
}

int main(int count, char **arguments) {
    uint64_t entered = now_ns();
    if (count < 2) exit(64);
    char *path = strtok(arguments[1], ":");
    char *index = strtok(NULL, ":"), *mebibytes = strtok(NULL, ":");
    if (path == NULL || index == NULL) exit(64);
    own_index = (uint32_t)atol(index);
    reports = open(path, O_WRONLY | O_CLOEXEC);
    if (reports < 0) die(path);
    report(1, entered);
    const char *ready = getenv("NOTIFY_FD");
    if (ready != NULL) write_all(atoi(ready), "\n", 1);
    if (mebibytes != NULL) flood(atol(mebibytes));
    const char *channel = getenv("KERNELSUP_CHANNEL");
    if (channel != NULL) serve(atoi(channel));
    while (1) pause();
}
