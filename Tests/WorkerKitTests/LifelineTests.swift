import Glibc
import LinuxSystem
import SupervisionWire
import Testing

@testable import WorkerKit

/// What comes with a worker's hello tells of its death, and of nothing else.
@Suite struct `The lifeline of a session` {
    /// A worker that is ready, and the read end that its hello carried.
    private final class Greeted {
        let worker: WorkerUnderTest
        private let descriptor: FileDescriptor

        var lifeline: Int32 { descriptor.rawValue }

        var hasHungUp: Bool {
            var entry = pollfd(fd: lifeline, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) != 0
        }

        init() throws {
            worker = try WorkerUnderTest()
            #expect(
                try worker.receive() == .frame(.hello(.init(concurrency: 1, hasLifeline: true)))
            )
            try #require(worker.descriptors.count == 1)
            // The worker's helper closes its own with the next packet.
            descriptor = try FileDescriptor.duplicate(worker.descriptors[0])
            try worker.welcome()
            guard case .frame(.ready) = try worker.receive() else {
                throw WorkerUnderTest.Timeout()
            }
        }
    }

    @Test func `is the read end of a pipe, which nothing comes out of while it serves`() throws {
        let greeted = try Greeted()
        #expect(Lifeline.isReadEnd(greeted.lifeline))
        try greeted.worker.call("fault/echo")
        #expect(try greeted.worker.reply().head.error == nil)
        #expect(!greeted.hasHungUp)
    }

    @Test func `hangs up when the worker is killed`() throws {
        let greeted = try Greeted()
        try greeted.worker.signal(SIGKILL)
        try WorkerUnderTest.wait(for: greeted.lifeline)
        var byte: UInt8 = 0
        #expect(read(greeted.lifeline, &byte, 1) == 0)
        #expect(try greeted.worker.end() == .signaled(SIGKILL, coreDumped: false))
    }

    @Test func `hangs up although a child has copies of all that the worker had`() throws {
        let greeted = try Greeted()
        try greeted.worker.call("fault/fork")
        #expect(try greeted.worker.reply().head.error == nil)
        #expect(!greeted.hasHungUp)
        try greeted.worker.signal(SIGKILL)
        try WorkerUnderTest.wait(for: greeted.lifeline)
        // The child still holds the channel.
        try greeted.worker.send(.shutdown)
        _ = try greeted.worker.end()
        try greeted.worker.send(.shutdown)
    }

    @Test func `costs no hello that it cannot go with`() throws {
        let pair = try PacketSocket.pair(nonblocking: false)
        let theirs = pair.ours
        let channel = Channel(PacketSocket(owning: pair.theirs))
        // As where too many are on their way, the system refuses to send it.
        try Handshake.send(.init(concurrency: 2), -1, on: channel)
        var bytes = [UInt8](repeating: 0, count: 256)
        var descriptors: [Int32] = []
        let received = try bytes.withUnsafeMutableBytes {
            try theirs.receive(into: $0, descriptors: &descriptors)
        }
        #expect(received == .packet(byteCount: 96, isTruncated: false, descriptorsLost: false))
        let packet = Array(bytes[..<96])
        let header = try FrameHeader(decoding: packet.span)
        #expect(
            try WorkerFrame(decoding: packet.span, header: header)
                == .hello(.init(concurrency: 2))
        )
    }
}
