import Glibc
import LinuxSystem
import SupervisionKit
import Testing

@testable import kernelsupd

struct EventLoopTests {
    /// The descriptors that any epoll of this process watches, by the kernel's own word.
    private func watched() -> Set<Int32> {
        var found: Set<Int32> = []
        for number in 0..<Int32(1024) {
            guard let file = fopen("/proc/self/fdinfo/\(number)", "r") else { continue }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 256)
            while fgets(&line, Int32(line.count), file) != nil {
                let words = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                    .split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                    .map { String(decoding: $0, as: UTF8.self) }
                if words.first == "tfd:", words.count > 1, let target = Int32(words[1]) {
                    found.insert(target)
                }
            }
        }
        return found
    }

    // A child that is being started holds copies of all descriptors until its exec is done: what a
    // closed one named is still open then, and in epoll for ever unless it was taken out before.
    // Its next event would be for a source that has been freed.
    @Test
    func `a connection that ends leaves the loop, also while a copy of its descriptor is open`()
        throws
    {
        let loop = try EventLoop()
        let pair = try PacketSocket.pair(nonblocking: true)
        let ours = pair.ours
        let number = ours.rawDescriptor
        let copy = try ours.descriptor.duplicate()
        let source = try loop.watch(number, .readable) { _ in
            Issue.record("the handler of a connection that has ended was called")
        }
        #expect(watched().contains(number))
        _ = ClientConnection(
            id: ClientID(index: 0, generation: 0),
            peer: nil,
            socket: ours,
            source: source
        )
        #expect(!watched().contains(number))
        _ = consume copy
    }
}
