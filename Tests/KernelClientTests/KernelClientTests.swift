import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@Suite struct KernelClientTests {
    @Test func `returns what the kernel gave, with how the call went`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            let result = try await client.call(
                "echo",
                [
                    Tensor("x", [1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
                    .scalar("damping", 0.85), .bytes("blob", [7, 0, 9]),
                    Tensor("empty", [] as [UInt32]),
                ]
            )
            #expect(result["x"]?.f32 == [1, 2, 3, 4, 5, 6])
            #expect(result["x"]?.shape == [2, 3])
            #expect(result["x"]?.f64 == nil)
            #expect(result["damping"]?.f64 == [0.85])
            #expect(result["damping"]?.shape == [])
            #expect(result["blob"]?.bytes == [7, 0, 9])
            #expect(result["blob"]?.type == .bytes)
            #expect(result["empty"]?.u32 == [])
            #expect(result.attempts == 1)
            #expect(result.worker == "echo/0")
            #expect(result["missing"] == nil)
        }
    }

    @Test func `sends 64 KiB in the frame and one byte more as sealed memory`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            let full = [UInt8](repeating: 3, count: 64 * 1024)
            let more = full + [4]
            let answer1 = try await client.call("echo", [Tensor("x", full)])
            #expect(answer1["x"]?.u8 == full)
            let answer2 = try await client.call("echo", [Tensor("x", more)])
            #expect(answer2["x"]?.u8 == more)
            #expect(await seen.next() == .connected)
            #expect(
                await seen.next()
                    == .call(kernel: "echo", tensors: ["x": .inline], hasDeadline: false)
            )
            #expect(
                await seen.next()
                    == .call(
                        kernel: "echo",
                        tensors: ["x": .sealed(index: 0, offset: 0)],
                        hasDeadline: false
                    )
            )
        }
    }

    @Test func `moves the largest tensors out of the frame until the rest fits`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            let result = try await client.call(
                "echo",
                [
                    .scalar("n", UInt32(7)), Tensor("a", [Float](repeating: 1, count: 12_000)),
                    Tensor("b", [Double](repeating: 2, count: 9_000)),
                    Tensor("c", [Float](repeating: 3, count: 15_000)),
                ]
            )
            #expect(result["n"]?.u32 == [7])
            #expect(result["a"]?.f32 == [Float](repeating: 1, count: 12_000))
            #expect(result["b"]?.f64 == [Double](repeating: 2, count: 9_000))
            #expect(result["c"]?.f32 == [Float](repeating: 3, count: 15_000))
            #expect(await seen.next() == .connected)
            let places: [String: FakeDaemon.Place] = [
                "n": .inline, "a": .inline, "b": .sealed(index: 0, offset: 0),
                "c": .sealed(index: 0, offset: 73_728),
            ]
            #expect(
                await seen.next() == .call(kernel: "echo", tensors: places, hasDeadline: false)
            )
        }
    }

    @Test func `passes shared memory on without writing it again`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            let memory = try TensorMemory.filled(byteCount: 800_000) { target in
                for index in 0..<100_000 {
                    target.storeBytes(of: UInt64(index), toByteOffset: index * 8, as: UInt64.self)
                }
            }
            let input = Tensor("x", type: .u64, shape: [50_000], memory: memory, offset: 400_000)
            let first = try await client.call("echo", [input])
            let output = try #require(first["x"])
            let second = try await client.call("echo", [output])
            #expect(second["x"]?.u64 == (50_000..<100_000).map(UInt64.init))
            let call = FakeDaemon.Seen.call(
                kernel: "echo",
                tensors: ["x": .sealed(index: 0, offset: 400_000)],
                hasDeadline: false
            )
            #expect(await seen.next() == .connected)
            #expect(await seen.next() == call)
            #expect(await seen.next() == call)
        }
    }

    @Test func `fills a tensor in place, in the frame and in shared memory`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            for count in [10, 100_000] {
                let tensor = Tensor("x", type: .u8, shape: [count]) { target in
                    target[1] = 42
                }
                let bytes = try await client.call("echo", [tensor])["x"]?.u8
                #expect(bytes == [0, 42] + [UInt8](repeating: 0, count: count - 2))
            }
        }
    }

    @Test func `matches answers to calls whatever their order`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            try await withThrowingTaskGroup(of: (UInt32, [UInt32]?).self) { group in
                for number in 0..<3 as Range<UInt32> {
                    group.addTask {
                        let argument = Tensor.scalar("n", number)
                        return (number, try await client.call("reversed", [argument])["n"]?.u32)
                    }
                }
                for try await (number, answer) in group { #expect(answer == [number]) }
            }
        }
    }

    @Test func `carries a thousand calls at once over one connection`() async throws {
        try await FakeDaemon.run { daemon in
            let client = KernelClient(path: daemon.path)
            let sum = try await withThrowingTaskGroup(of: UInt32.self) { group in
                for number in 0..<1000 as Range<UInt32> {
                    group.addTask {
                        let argument = Tensor("n", [number] + [UInt32](repeating: 0, count: 500))
                        return try await client.call("echo", [argument])["n"]?.u32?.first ?? 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 499_500)
        }
    }

    @Test func `waits with what the daemon does not read yet, and loses none of it`() async throws {
        try await FakeDaemon.run { daemon in
            var seen = daemon.seen.makeAsyncIterator()
            let client = KernelClient(path: daemon.path)
            let large = [UInt8](repeating: 9, count: 60_000)
            try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                group.addTask { try await client.call("stalled", [Tensor("x", large)])["x"]?.u8 }
                _ = await seen.next()
                _ = await seen.next()
                // More than any socket buffer holds, from 40 tasks.
                for _ in 0..<40 {
                    group.addTask { try await client.call("echo", [Tensor("x", large)])["x"]?.u8 }
                }
                group.addTask {
                    daemon.release.open()
                    return large
                }
                for try await answer in group { #expect(answer == large) }
            }
        }
    }
}
