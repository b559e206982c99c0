// A worker that computes nothing, so that what a call costs is its way alone.
//
// Speaks docs/PROTOCOL.md on the channel that KERNELSUP_CHANNEL names and serves
//   bench/echo  gives its argument back. A memfd is checked (seals, size), mapped, never touched,
//               unmapped, and goes back as it came.
//   bench/read  reads every word of its argument and gives the sum; `executed` in the reply is the
//               time for it, the page faults of the first touch included.
#define _GNU_SOURCE

#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char worker_name[128];
static uint16_t worker_name_length;
static uint64_t incarnation;

static void append_text(struct packet *packet, const char *text) {
    size_t length = strlen(text);
    put16(packet->bytes + packet->length, (uint16_t)length);
    memcpy(packet->bytes + packet->length + 2, text, length);
    packet->length += 2 + length;
}

static void append_bytes(struct packet *packet, const uint8_t *bytes, size_t count) {
    memcpy(packet->bytes + packet->length, bytes, count);
    packet->length += count;
}

// One argument's record; rank 1 with size n, or rank 0.
static void append_argument(
    struct packet *packet, const char *name, bool is_output, uint8_t type, uint8_t rank) {
    append_text(packet, name);
    append_bytes(packet, (uint8_t[]){is_output, type, 0, rank}, 4);
    if (rank > 0) append_text(packet, "n");
    for (int text = 0; text < 3; text++) append_text(packet, "");
}

static void append_kernel(
    struct packet *packet, const char *name, const char *output, uint8_t type, uint8_t rank) {
    append_text(packet, name);
    append_text(packet, "");
    append_text(packet, "");
    append_bytes(packet, (uint8_t[]){0, 2}, 2);
    append_argument(packet, "data", false, element_bytes, 1);
    append_argument(packet, output, true, type, rank);
}

static void shake_hands(int channel, struct packet *packet) {
    start_frame(packet, type_hello, 0);
    put16(packet->bytes + 32, 1);
    put16(packet->bytes + 34, 1);
    put32(packet->bytes + 36, 1024);
    end_frame(packet);
    if (send_packet(channel, packet) != 0) die("hello");
    if (receive_packet(channel, packet, 0) != 1) exit(76);
    if (get16(packet->bytes + 6) != type_welcome) exit(76);
    incarnation = get64(packet->bytes + 40);
    worker_name_length = get16(packet->bytes + 80);
    if (worker_name_length > sizeof worker_name) exit(76);
    memcpy(worker_name, packet->bytes + header_bytes, worker_name_length);
    start_frame(packet, type_ready, 0);
    put16(packet->bytes + 32, 2);
    append_text(packet, "none");
    append_kernel(packet, "bench/echo", "data", element_bytes, 1);
    append_kernel(packet, "bench/read", "sum", element_u64, 0);
    end_frame(packet);
    if (send_packet(channel, packet) != 0) die("ready");
}

// The first tensor of the call: where its bytes are, mapped when they are in a memfd.
struct argument {
    const uint8_t *bytes;
    uint64_t byte_count;
    uint8_t *mapping;
};

static struct argument take_argument(const struct packet *call) {
    const uint8_t *entry = call->bytes + header_bytes + padded(get16(call->bytes + 70));
    struct argument argument = {.byte_count = get64(entry + 16)};
    uint64_t offset = get64(entry + 8);
    if (entry[2] == 0) {
        argument.bytes = call->bytes + offset;
        return argument;
    }
    const int needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int descriptor = call->descriptors[entry[3]];
    struct stat status;
    if ((fcntl(descriptor, F_GET_SEALS) & needed) != needed) exit(70);
    if (fstat(descriptor, &status) != 0) die("fstat");
    if ((uint64_t)status.st_size < offset + argument.byte_count) exit(70);
    argument.mapping = mmap(NULL, argument.byte_count, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (argument.mapping == MAP_FAILED) die("mmap");
    argument.bytes = argument.mapping + offset;
    return argument;
}

static uint64_t sum_of(const struct argument *argument) {
    uint64_t sum = 0;
    for (uint64_t place = 0; place + 8 <= argument->byte_count; place += 8) {
        sum += get64(argument->bytes + place);
    }
    return sum;
}

static void answer(int channel, struct packet *call, struct packet *reply) {
    bool reads = memcmp(call->bytes + header_bytes, "bench/read", 10) == 0;
    start_frame(reply, type_reply, get64(call->bytes + 16));
    reply->bytes[34] = 1;
    put64(reply->bytes + 72, incarnation);
    put16(reply->bytes + 80, worker_name_length);
    append_padded(reply, worker_name, worker_name_length);
    uint64_t started = now_ns();
    struct argument argument = take_argument(call);
    if (reads) {
        uint64_t sum = sum_of(&argument);
        append_tensor(reply, "sum", element_u64, 0, sizeof sum, &sum);
    } else if (argument.mapping != NULL) {
        reply->descriptors[reply->descriptor_count++] = call->descriptors[0];
        append_tensor(reply, "data", element_bytes, argument.byte_count, argument.byte_count, NULL);
    } else {
        append_tensor(
            reply, "data", element_bytes, argument.byte_count, argument.byte_count, argument.bytes);
    }
    if (argument.mapping != NULL) munmap(argument.mapping, argument.byte_count);
    put64(reply->bytes + 56, now_ns() - started);
    end_frame(reply);
    if (send_packet(channel, reply) != 0) exit(0);
    close_descriptors(call);
}

int main(void) {
    const char *number = getenv("KERNELSUP_CHANNEL");
    if (number == NULL) exit(64);
    int channel = atoi(number);
    static struct packet call, reply;
    shake_hands(channel, &call);
    while (receive_packet(channel, &call, 0) == 1) {
        switch (get16(call.bytes + 6)) {
        case type_call: answer(channel, &call, &reply); break;
        case type_probe:
            // Status 0: a call now would be served.
            start_frame(&reply, type_probed, get64(call.bytes + 16));
            end_frame(&reply);
            if (send_packet(channel, &reply) != 0) exit(0);
            break;
        case type_shutdown: exit(0);
        default: close_descriptors(&call);
        }
    }
    return 0;
}
