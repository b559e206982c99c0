import Glibc
import Testing

@testable import LinuxSystem

/// A packet as it came.
struct Packet: Equatable {
    var received: PacketSocket.Received
    var bytes: [UInt8] = []
    var descriptorCount = 0
}

extension PacketSocket {
    /// Receives one packet with room for `room` bytes and closes its descriptors.
    func receivePacket(room: Int = 1024, maximumDescriptors: Int = 253) throws -> Packet {
        var buffer = [UInt8](repeating: 0, count: room)
        var descriptors: [Int32] = []
        let received = try buffer.withUnsafeMutableBytes {
            try receive(
                into: $0,
                descriptors: &descriptors,
                maximumDescriptors: maximumDescriptors
            )
        }
        for descriptor in descriptors {
            try #require(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
            close(descriptor)
        }
        var packet = Packet(received: received, descriptorCount: descriptors.count)
        if case .packet(let byteCount, _, _) = received {
            packet.bytes = Array(buffer.prefix(byteCount))
        }
        return packet
    }
}

/// Both ends of a connection; neither waits.
func makeSockets() throws -> PacketSocketPair {
    let pair = try PacketSocket.pair(nonblocking: true)
    try pair.theirs.setNonblocking()
    return pair
}

@Suite struct `A packet socket` {
    private func whole(_ byteCount: Int) -> PacketSocket.Received {
        .packet(byteCount: byteCount, isTruncated: false, descriptorsLost: false)
    }

    @Test func `passes packets whole and in order`() throws {
        let pair = try makeSockets()
        let ours = pair.ours
        let theirs = PacketSocket(owning: pair.theirs)
        #expect(try ours.send([1, 2, 3]))
        #expect(try ours.send([4]))
        #expect(try theirs.receivePacket() == Packet(received: whole(3), bytes: [1, 2, 3]))
        #expect(try theirs.receivePacket() == Packet(received: whole(1), bytes: [4]))
        #expect(try theirs.receivePacket() == Packet(received: .wouldBlock))
    }

    @Test(arguments: [0, 1, 2, 3, 64, 253])
    func `passes descriptors`(count: Int) throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        let pipe = try Pipe.create()
        let descriptors = [Int32](repeating: pipe.writer.rawValue, count: count)
        #expect(try pair.ours.send([7], descriptors: descriptors))
        #expect(
            try theirs.receivePacket()
                == Packet(received: whole(1), bytes: [7], descriptorCount: count)
        )
    }

    @Test func `passes the open files themselves, in order`() throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        let first = try SharedMemory.create(name: "first", byteCount: 1)
        let second = try SharedMemory.create(name: "second", byteCount: 2)
        #expect(
            try pair.ours.send([7], descriptors: [first.rawDescriptor, second.rawDescriptor])
        )
        var buffer: [UInt8] = [0]
        var descriptors: [Int32] = [-7]
        _ = try buffer.withUnsafeMutableBytes {
            try theirs.receive(into: $0, descriptors: &descriptors)
        }
        try #require(descriptors.count == 3)
        #expect(descriptors[0] == -7)
        let sizes = try descriptors.dropFirst().map {
            try SharedMemory(owning: FileDescriptor(owning: $0)).byteCount
        }
        #expect(sizes == [1, 2])
    }

    @Test func `refuses 254 descriptors`() throws {
        let pair = try makeSockets()
        let descriptors = [Int32](repeating: pair.theirs.rawValue, count: 254)
        let error = SystemError(
            "sendmsg",
            errno: EINVAL,
            subject: "254 descriptors (at most 253)"
        )
        #expect(throws: error) { _ = try pair.ours.send([7], descriptors: descriptors) }
    }

    @Test func `refuses a descriptor that is not open`() throws {
        let pair = try makeSockets()
        #expect(throws: SystemError("sendmsg", errno: EBADF, subject: "1 bytes")) {
            _ = try pair.ours.send([7], descriptors: [Int32.max])
        }
    }

    @Test(arguments: 0..<3)
    func `closes all descriptors when there are more than were asked for`(limit: Int) throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        let pipe = try Pipe.create()
        let reader = pipe.reader
        let descriptors = [Int32](repeating: pipe.writer.rawValue, count: limit + 1)
        #expect(try pair.ours.send([7], descriptors: descriptors))
        try close(pipe.writer)
        #expect(
            try theirs.receivePacket(maximumDescriptors: limit)
                == Packet(
                    received: .packet(
                        byteCount: 1,
                        isTruncated: false,
                        descriptorsLost: true
                    ),
                    bytes: [7]
                )
        )
        // The pipe ends, so nobody holds the writing end.
        #expect(try readToEnd(reader) == [])
    }

    @Test func `closes those that came when this process cannot have them all`() async {
        // The limit is the whole process's, so this has a process of its own.
        await #expect(processExitsWith: .success) {
            let pair = try makeSockets()
            let theirs = PacketSocket(owning: pair.theirs)
            let pipe = try Pipe.create()
            let descriptors = [Int32](repeating: pipe.writer.rawValue, count: 10)
            try #require(try pair.ours.send([7], descriptors: descriptors))
            let before = try ownDescriptors()
            let next = dup(0)
            close(next)
            let old = try ResourceLimit.current(.openFiles)
            try ResourceLimit(.openFiles, soft: UInt64(next) + 4, hard: old.hard).apply()
            let packet = try theirs.receivePacket()
            try old.apply()
            #expect(
                packet
                    == Packet(
                        received: .packet(
                            byteCount: 1,
                            isTruncated: false,
                            descriptorsLost: true
                        ),
                        bytes: [7]
                    )
            )
            #expect(try ownDescriptors() == before)
        }
    }

    @Test func `says that a packet was longer than the buffer`() throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        #expect(try pair.ours.send([1, 2, 3]))
        #expect(try pair.ours.send([4]))
        #expect(
            try theirs.receivePacket(room: 2)
                == Packet(
                    received: .packet(byteCount: 2, isTruncated: true, descriptorsLost: false),
                    bytes: [1, 2]
                )
        )
        #expect(try theirs.receivePacket() == Packet(received: whole(1), bytes: [4]))
    }

    @Test func `takes an empty packet for the end and closes what it brings`() throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        let pipe = try Pipe.create()
        let reader = pipe.reader
        #expect(try pair.ours.send([], descriptors: [pipe.writer.rawValue]))
        try close(pipe.writer)
        #expect(try theirs.receivePacket() == Packet(received: .closed))
        #expect(try readToEnd(reader) == [])
    }

    @Test func `delivers what was sent before the other end closed`() throws {
        let pair = try makeSockets()
        let theirs = PacketSocket(owning: pair.theirs)
        #expect(try pair.ours.send([1]))
        try close(pair.ours.release())
        #expect(try theirs.receivePacket() == Packet(received: whole(1), bytes: [1]))
        try waitUntilReadable(theirs.rawDescriptor)
        #expect(try theirs.receivePacket() == Packet(received: .closed))
        #expect(try theirs.receivePacket() == Packet(received: .closed))
    }

    @Test func `is closed too when the other end left packets unread`() throws {
        let pair = try makeSockets()
        let ours = pair.ours
        #expect(try ours.send([1]))
        try close(pair.theirs)
        try waitUntilReadable(ours.rawDescriptor)
        #expect(try ours.receivePacket() == Packet(received: .closed))
        #expect(try ours.receivePacket() == Packet(received: .closed))
    }

    @Test func `throws EPIPE and raises no signal when nobody is at the other end`() async {
        // SIGPIPE has its default action in this process: it would kill it.
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let pair = try makeSockets()
            let ours = pair.ours
            try close(pair.theirs)
            #expect(throws: SystemError("sendmsg", errno: EPIPE, subject: "1 bytes")) {
                _ = try ours.send([1])
            }
        }
    }

    @Test func `says when there is no room, and has sent nothing then`() throws {
        let pair = try makeSockets()
        let ours = pair.ours
        let theirs = PacketSocket(owning: pair.theirs)
        var sent = 0
        while try ours.send([UInt8](repeating: 1, count: 1000)) { sent += 1 }
        var received = 0
        while try theirs.receivePacket().received == whole(1000) { received += 1 }
        #expect(sent > 0)
        #expect(received == sent)
        #expect(try ours.send([1]))
    }

    @Test func `refuses a packet that can never fit`() throws {
        let pair = try makeSockets()
        let bytes = [UInt8](repeating: 0, count: 64 << 20)
        let error = SystemError("sendmsg", errno: EMSGSIZE, subject: "\(64 << 20) bytes")
        #expect(throws: error) { _ = try pair.ours.send(bytes) }
    }

    @Test func `waits or does not wait as it was asked to`() throws {
        for isNonblocking in [true, false] {
            let pair = try PacketSocket.pair(nonblocking: isNonblocking)
            let flags = fcntl(pair.ours.rawDescriptor, F_GETFL)
            #expect((flags & O_NONBLOCK != 0) == isNonblocking)
            #expect(fcntl(pair.theirs.rawValue, F_GETFL) & O_NONBLOCK == 0)
            #expect(fcntl(pair.ours.rawDescriptor, F_GETFD) == FD_CLOEXEC)
            #expect(fcntl(pair.theirs.rawValue, F_GETFD) == FD_CLOEXEC)
        }
    }
}
