// What the three programs of the floor share: the frames of docs/PROTOCOL.md, as far as they need
// them, and packets with descriptors. Little-endian machines only.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { frame_limit = 98304, header_bytes = 96, entry_bytes = 128, descriptor_limit = 64 };
enum { type_call = 1, type_reply = 2, type_hello = 16, type_welcome = 17, type_ready = 18 };
enum { type_shutdown = 20, type_probe = 22, type_probed = 23 };
enum { element_u64 = 7, element_bytes = 12 };

struct packet {
    uint8_t bytes[frame_limit + 1];
    size_t length;
    int descriptors[descriptor_limit];
    size_t descriptor_count;
};

static inline void put16(uint8_t *at, uint16_t value) { memcpy(at, &value, sizeof value); }
static inline void put32(uint8_t *at, uint32_t value) { memcpy(at, &value, sizeof value); }
static inline void put64(uint8_t *at, uint64_t value) { memcpy(at, &value, sizeof value); }

static inline uint16_t get16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t get64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline size_t padded(size_t length) { return (length + 7) & ~(size_t)7; }

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

_Noreturn static inline void die(const char *what) {
    perror(what);
    exit(1);
}

// Clears the 96 header bytes and writes those that all frames share; the length comes last.
static inline void start_frame(struct packet *packet, uint16_t type, uint64_t id) {
    memset(packet->bytes, 0, header_bytes);
    memcpy(packet->bytes, "KSUP", 4);
    put16(packet->bytes + 4, 1);
    put16(packet->bytes + 6, type);
    put64(packet->bytes + 16, id);
    packet->length = header_bytes;
    packet->descriptor_count = 0;
}

static inline void end_frame(struct packet *packet) {
    put32(packet->bytes + 8, (uint32_t)packet->length);
    put16(packet->bytes + 26, (uint16_t)packet->descriptor_count);
}

// Appends text, with zeros up to a multiple of eight.
static inline void append_padded(struct packet *packet, const void *text, size_t length) {
    memset(packet->bytes + packet->length, 0, padded(length));
    memcpy(packet->bytes + packet->length, text, length);
    packet->length += padded(length);
}

// Appends the frame's one tensor: its table entry, of rank 1, or 0 for a count of 0, and, unless it
// lies in descriptor 0, its data.
static inline void append_tensor(
    struct packet *packet, const char *name, uint8_t type, uint64_t count, uint64_t byte_count,
    const void *data) {
    uint8_t *entry = packet->bytes + packet->length;
    size_t name_length = strlen(name);
    memset(entry, 0, entry_bytes);
    packet->length += entry_bytes;
    entry[0] = type;
    entry[1] = count > 0;
    entry[2] = data == NULL;
    put16(entry + 4, (uint16_t)name_length);
    put64(entry + 8, data == NULL ? 0 : packet->length);
    put64(entry + 16, byte_count);
    put64(entry + 24, count);
    memcpy(entry + 88, name, name_length);
    put16(packet->bytes + 24, 1);
    if (data != NULL) append_padded(packet, data, byte_count);
}

// Sends one packet, waiting for room. Returns 0, or -1 when the peer is gone.
static inline int send_packet(int socket, const struct packet *packet) {
    struct iovec part = {(void *)packet->bytes, packet->length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(descriptor_limit * sizeof(int))];
    } control;
    if (packet->descriptor_count > 0) {
        size_t byte_count = packet->descriptor_count * sizeof(int);
        memset(&control, 0, CMSG_SPACE(byte_count));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(byte_count);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(byte_count);
        memcpy(CMSG_DATA(&control.header), packet->descriptors, byte_count);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

// Receives one packet. Returns 1; 0 at the connection's end; -1 with errno EAGAIN when MSG_DONTWAIT
// was given and there is none.
static inline int receive_packet(int socket, struct packet *packet, int flags) {
    struct iovec part = {packet->bytes, sizeof packet->bytes};
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(descriptor_limit * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    packet->descriptor_count = 0;
    ssize_t length = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (length <= 0) return (int)length;
    packet->length = (size_t)length;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
        packet->descriptor_count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(packet->descriptors, CMSG_DATA(header), packet->descriptor_count * sizeof(int));
    }
    return 1;
}

static inline void close_descriptors(struct packet *packet) {
    for (size_t index = 0; index < packet->descriptor_count; index++) {
        close(packet->descriptors[index]);
    }
    packet->descriptor_count = 0;
}
