import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

@Suite struct BlockingKernelClientTests {
    @Test func `calls from its own thread, small and large`() async throws {
        try await FakeDaemon.run { daemon in
            var client = BlockingKernelClient(path: daemon.path)
            for count in [1, 1000, 100_000] {
                let values = (0..<count).map(Float.init)
                let answer = try client.call("echo", [Tensor("x", values)])
                #expect(answer["x"]?.f32 == values)
            }
        }
    }

    @Test func `gives up after the deadline and goes on with the next call`() async throws {
        try await FakeDaemon.run { daemon in
            var client = BlockingKernelClient(path: daemon.path, deadlineGrace: .zero)
            let error = #expect(throws: KernelCallError.self) {
                try client.call("mute", options: CallOptions(timeout: .milliseconds(5)))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.execution == .answerLost)
            let answer = try client.call("echo", [.scalar("n", Float16(2))])
            #expect(answer["n"]?.f16 == [2])
        }
    }

    @Test func `reports errors and connects again after a loss`() async throws {
        try await FakeDaemon.run { daemon in
            var client = BlockingKernelClient(path: daemon.path)
            let dead = #expect(throws: KernelCallError.self) { try client.call("fail") }
            #expect(dead?.code == .workerDied)
            let lost = #expect(throws: KernelCallError.self) { try client.call("hangup") }
            #expect(lost?.code == .connectionLost)
            #expect(lost?.execution == .answerLost)
            let answer = try client.call("echo", [.scalar("n", UInt16(4))])
            #expect(answer["n"]?.u16 == [4])
        }
    }

    @Test func `sends again on a fresh connection what a stale one did not take`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            var client = BlockingKernelClient(path: daemon.path)
            _ = try client.call("echo")
            daemon.dropConnections()
            while await seen.next() != .closed {}
            let answer = try client.call("echo", [.scalar("n", Int16(-4))])
            #expect(answer["n"]?.i16 == [-4])
        }
    }
}
