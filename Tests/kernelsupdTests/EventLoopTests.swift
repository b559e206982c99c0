import LinuxSystem
import SupervisionKit
import Testing

@testable import kernelsupd

struct EventLoopTests {
    // A child that is being started holds copies of all descriptors until its exec is done: what a
    // closed one named is still open then, and in epoll unless it was taken out before.
    @Test
    func `a connection that ends leaves the loop, also while a copy of its descriptor is open`()
        throws
    {
        let loop = try EventLoop()
        let pair = try PacketSocket.pair(nonblocking: true)
        let ours = pair.ours
        let theirs = PacketSocket(owning: pair.theirs)
        let copy = try ours.descriptor.duplicate()
        let source = try loop.watch(ours.rawDescriptor, .readable) { _ in
            Issue.record("the handler of a connection that has ended was called")
        }
        _ = ClientConnection(
            id: ClientID(index: 0, generation: 0),
            peer: nil,
            socket: ours,
            source: source
        )

        #expect(try theirs.send([1]))
        let last = try loop.watch(theirs.rawDescriptor, .writable) { _ in loop.exit(code: 0) }

        #expect(loop.run() == 0)
        _ = consume last
        _ = consume copy
    }
}
