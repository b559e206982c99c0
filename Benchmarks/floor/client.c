// The client that measures: the same for the relay and for the daemon.
//
//     client SOCKET KERNEL BYTES STORAGE IN_FLIGHT IDEMPOTENT SECONDS
//
// Calls KERNEL with one argument of BYTES bytes, in the frame (STORAGE is inline) or in a sealed memfd
// (memfd), with IN_FLIGHT calls under way at once, for SECONDS. Prints one line of numbers:
// calls a second; p50 and p99 of a call in ns; p50 of what the worker says it took in ns; ns for
// making, filling and sealing the memfd (0 without one); calls sent in all.
#define _GNU_SOURCE

#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/un.h>

enum { sample_limit = 1 << 22, in_flight_limit = 256 };

static struct packet call, reply;
static uint32_t latencies[sample_limit], executed[sample_limit];
static uint64_t sent_at[in_flight_limit];

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(address.sun_path, path);
    int result = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(result, (struct sockaddr *)&address, sizeof address) != 0) die(path);
    return result;
}

static int make_memfd(uint64_t byte_count) {
    int descriptor = memfd_create("argument", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)byte_count) != 0) die("memfd");
    void *bytes = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED) die("mmap");
    memset(bytes, 1, byte_count);
    munmap(bytes, byte_count);
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (fcntl(descriptor, F_ADD_SEALS, seals) != 0) die("seal");
    return descriptor;
}

// Ids count up from 1; the place of a call among those in flight is its id modulo their number.
static void send_call(int socket, uint64_t id, uint64_t in_flight) {
    put64(call.bytes + 16, id);
    sent_at[id % in_flight] = now_ns();
    if (send_packet(socket, &call) != 0) die("send");
}

static uint64_t receive_reply(int socket) {
    if (receive_packet(socket, &reply, 0) != 1) die("receive");
    close_descriptors(&reply);
    if (get16(reply.bytes + 6) != type_reply || get16(reply.bytes + 32) != 0) {
        size_t start = header_bytes + padded(get16(reply.bytes + 80));
        int length = get16(reply.bytes + 82);
        fprintf(stderr, "client: outcome %u: %.*s\n", get16(reply.bytes + 32), length,
                reply.bytes + start);
        exit(1);
    }
    return get64(reply.bytes + 16);
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t rank_of(uint32_t *values, size_t count, double rank) {
    qsort(values, count, sizeof *values, compare);
    return values[(size_t)((double)(count - 1) * rank)];
}

int main(int count, char **arguments) {
    if (count != 8) {
        fprintf(stderr,
                "usage: client SOCKET KERNEL BYTES inline|memfd IN_FLIGHT 0|1 SECONDS\n");
        return 64;
    }
    const char *kernel = arguments[2];
    uint64_t byte_count = strtoull(arguments[3], NULL, 10);
    bool is_memfd = strcmp(arguments[4], "memfd") == 0;
    uint64_t in_flight = strtoull(arguments[5], NULL, 10);
    double seconds = strtod(arguments[7], NULL);
    if (in_flight < 1 || in_flight > in_flight_limit) return 64;
    if (!is_memfd && byte_count > 65536) return 64;

    uint64_t fill = 0;
    static uint8_t data[65536];
    start_frame(&call, type_call, 0);
    put32(call.bytes + 12, (uint32_t)atoi(arguments[6]));
    put32(call.bytes + 64, 1);
    put16(call.bytes + 70, (uint16_t)strlen(kernel));
    append_padded(&call, kernel, strlen(kernel));
    if (is_memfd) {
        uint64_t started = now_ns();
        call.descriptors[call.descriptor_count++] = make_memfd(byte_count);
        fill = now_ns() - started;
    }
    append_tensor(&call, "data", element_bytes, byte_count, byte_count, is_memfd ? NULL : data);
    end_frame(&call);

    int socket = connect_to(arguments[1]);
    uint64_t next = 1;
    for (; next <= in_flight; next++) send_call(socket, next, in_flight);
    // The first tenth of the time warms up and is not counted.
    uint64_t counted_from = now_ns() + (uint64_t)(seconds * 1e8);
    uint64_t ends = counted_from + (uint64_t)(seconds * 1e9);
    uint64_t now = 0, first = 0;
    size_t samples = 0;
    while (now < ends && samples < sample_limit) {
        // Answers come in the order of the calls: there is one worker, which takes them in turn.
        uint64_t id = receive_reply(socket);
        now = now_ns();
        if (now >= counted_from) {
            if (first == 0) first = now;
            latencies[samples] = (uint32_t)(now - sent_at[id % in_flight]);
            executed[samples++] = (uint32_t)get64(reply.bytes + 56);
        }
        send_call(socket, next++, in_flight);
    }
    if (samples < 2) return 1;
    double rate = (double)(samples - 1) / ((double)(now - first) / 1e9);
    printf("%.0f %u %u %u %llu %llu\n", rate, rank_of(latencies, samples, 0.5),
           rank_of(latencies, samples, 0.99), rank_of(executed, samples, 0.5),
           (unsigned long long)fill, (unsigned long long)(next - 1));
    return 0;
}
