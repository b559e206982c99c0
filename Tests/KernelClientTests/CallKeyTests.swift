import KernelClient
import SupervisionWire
import Testing

/// The key that a call goes out with.
@Suite struct CallKeyTests {
    private static let x = Tensor("x", [1, 2, 3] as [Float])
    private static let n = Tensor.scalar("n", UInt32(7))

    /// The keys of calls, made one after another.
    private func keys(
        _ calls: [[Tensor]],
        options: CallOptions = CallOptions()
    ) async throws -> [UInt64] {
        try await FakeDaemon.run { daemon -> [UInt64] in
            var client = BlockingKernelClient(path: daemon.path)
            for arguments in calls {
                _ = try client.call("keyed", arguments, options: options)
            }
            var keys: [UInt64] = []
            for await event in daemon.seen {
                if case .call(_, _, _, let key) = event { keys.append(key) }
                if keys.count == calls.count { break }
            }
            return keys
        }
    }

    @Test func `equal arguments make equal keys, in whatever order they are`()
        async throws
    {
        let keys = try await keys([[Self.x, Self.n], [Self.n, Self.x], [Self.x, Self.n]])
        #expect(Set(keys).count == 1)
        #expect(keys.first != 0)
    }

    // A change of it would let callers of two versions miss each other's poison.
    @Test func `the key of a call does not change from build to build`() async throws {
        #expect(try await keys([[Self.x, Self.n]]) == [0xC209_A054_7225_F4FD])
        #expect(try await keys([[]]) == [0xFAA5_C645_54A3_0081])
    }

    @Test func `what differs in anything has another key`() async throws {
        let calls: [[Tensor]] = [
            [Self.x, Self.n],
            [Self.x],
            [],
            [Tensor("y", [1, 2, 3] as [Float]), Self.n],
            [Tensor("x", [1, 2, 4] as [Float]), Self.n],
            [Tensor("x", [3, 2, 1] as [Float]), Self.n],
            [Tensor("x", [1, -2, -3] as [Float]), Self.n],
            [Tensor("x", [1, 2, 3] as [Float], shape: [3, 1]), Self.n],
            [Tensor("x", [1, 2, 3] as [Float], shape: [1, 3]), Self.n],
            [Tensor("x", [0x3f80_0000, 0x4000_0000, 0x4040_0000] as [UInt32]), Self.n],
            [Tensor("x", [1, 2, 3, 0] as [Float]), Self.n],
            [Tensor("x", [] as [Float]), Self.n],
            [Tensor("x", [] as [Float], shape: [0, 3]), Self.n],
            [Tensor("n", [1, 2, 3] as [Float]), Tensor.scalar("x", UInt32(7))],
        ]
        #expect(Set(try await keys(calls)).count == calls.count)
    }

    // Where the bytes travel is no part of the content.
    @Test func `bytes in an array, written in place and in shared memory have one key`()
        async throws
    {
        let values = (0..<40_000).map { Float($0) }
        let fill: @Sendable (UnsafeMutableRawBufferPointer) -> Void = { target in
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        }
        let memory = try TensorMemory.filled(byteCount: 4096 + 160_000) { target in
            fill(UnsafeMutableRawBufferPointer(rebasing: target[4096...]))
        }
        let shared = Tensor("x", type: .f32, shape: [40_000], memory: memory, offset: 4096)
        let other = Tensor("x", type: .f32, shape: [40_000], memory: memory)
        let keys = try await keys([
            [Tensor("x", values)],
            [Tensor("x", type: .f32, shape: [40_000], filling: fill)],
            [shared], [shared],
            [other],
        ])
        #expect(Set(keys[..<4]).count == 1)
        #expect(keys[4] != keys[0])
    }

    // Signs, in words that lie in one lane, and each single bit.
    @Test func `no single bit and no pair of signs goes unseen`() async throws {
        let zeros = [UInt64](repeating: 0, count: 13)
        var contents = [zeros]
        for word in zeros.indices {
            for bit in 0..<64 {
                var content = zeros
                content[word] = 1 << bit
                contents.append(content)
            }
        }
        for (first, second) in [(0, 4), (0, 8), (4, 8), (1, 5), (0, 1), (8, 12)] {
            for signs: (UInt64, UInt64) in [
                (1 << 63, 1 << 63), (1 << 63, 1 << 63 | 1 << 31), (1 << 31, 1 << 63),
            ] {
                var content = zeros
                content[first] = signs.0
                content[second] = signs.1
                contents.append(content)
            }
        }
        let keys = try await keys(contents.map { [Tensor("x", $0)] })
        #expect(Set(keys).count == contents.count)
    }

    @Test func `the caller's own key is sent as it is, and none if there is to be none`()
        async throws
    {
        let own = try await keys([[Self.x]], options: CallOptions(key: .given(77)))
        #expect(own == [77])
        let none = try await keys([[Self.x]], options: CallOptions(key: .none))
        #expect(none == [0])
    }

    @Test func `the asynchronous client derives the same key`() async throws {
        let blocking = try await keys([[Self.x]])
        let asynchronous = try await FakeDaemon.run { daemon -> [UInt64] in
            _ = try await KernelClient(path: daemon.path).call("keyed", [Self.x])
            for await event in daemon.seen {
                if case .call(_, _, _, let key) = event { return [key] }
            }
            return []
        }
        #expect(asynchronous == blocking)
    }
}
