import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// What the daemon holds after much has gone well and badly: as much as before.
@Suite(.showsDaemonLog, .serialized)
struct LeftoverTests {
    // S02, K09, K10
    @Test func `calls with shared memory, deaths and refused frames leave no descriptor`() throws {
        let configuration = DaemonConfiguration([
            .fault("echo"), .fault("exit", isIdempotent: false), .named("twice/exit", as: "exit"),
        ])
        try withDaemon(configuration) { daemon in
            try shake(daemon, calls: 3, deaths: 1, breaches: 2)
            try waitUntilQuiet(daemon)
            let before = try daemon.restingDescriptorCount()
            try shake(daemon, calls: 300, deaths: 50, breaches: 50)
            try waitUntilQuiet(daemon)
            let after = try daemon.restingDescriptorCount()
            #expect(after == before)
            let shared = try daemon.workers.flatMap { try ProcessTable.sharedMemory(of: $0) }
            #expect(shared == [])
            let own = try ProcessTable.sharedMemory(of: daemon.pid)
            #expect(own == [])
            #expect(daemon.workers.count == 3)
        }
    }

    // S02
    @Test func `hundreds of failed starts and of ends leave no descriptor`() throws {
        let place = try TestDirectory()
        defer { place.remove() }
        // A text that is in use can't be executed, and passes: the start is tried again.
        var busy = KernelFile.command("busy/program", ["\(place.path)/program"])
        busy.group = "busy"
        var configuration = DaemonConfiguration([.fault("echo"), busy])
        // Each is tried again a second later.
        configuration["groups.busy", "replicas"] = "64"
        configuration["defaults.recovery", "max_restarts"] = "10000"
        try place.write("program", bytes: try contents(of: BuildProducts.execHelper), mode: 0o755)
        let writer = try FileDescriptor.openFile("\(place.path)/program", flags: O_WRONLY)
        try withDaemon(configuration, until: { $0.state(of: "fault/echo") == .healthy }) { daemon in
            func restarts() throws -> Int {
                try daemon.kernel("busy/program").slots.reduce(0) { $0 + $1.restarts }
            }
            try eventually("some failed starts") { try restarts() > 10 }
            let before = try daemon.descriptorCounts(atLeast: 100)
            try eventually("hundreds of failed starts") { try restarts() >= 300 }
            #expect(daemon.log.contains("ETXTBSY"))
            for _ in 0..<50 { try daemon.replaceWorker(of: "fault/echo") }
            // A start on its way has some for a moment; what was lost would never come back.
            try eventually("no more descriptors and no dead processes") {
                let after = try daemon.descriptorCounts(atLeast: 100)
                return try after.min() == before.min()
                    && ProcessTable.zombies(of: daemon.pid).count <= 1
            }
        }
        _ = consume writer
    }

    private func shake(
        _ daemon: DaemonUnderTest,
        calls: Int,
        deaths: Int,
        breaches: Int
    ) throws {
        var client = BlockingKernelClient(path: daemon.callsPath)
        // Above what travels in a frame.
        let large = (0..<20_000).map { Float($0) }
        for _ in 0..<calls {
            let result = try client.call("fault/echo", [Tensor("x", large)])
            try #require(result["x"]?.f32 == large)
        }
        // The daemon would soon refuse what it knows to be deadly.
        let deadly = [Tensor("x", large), .scalar("amount", UInt32(1))]
        let unnamed = CallOptions(key: .none)
        for _ in 0..<deaths {
            let error = #expect(throws: KernelCallError.self) {
                try client.call("fault/exit", deadly, options: unnamed)
            }
            #expect(error?.code != .poisoned)
        }
        // Kept for a second try, with its memory, which ends badly too.
        for _ in 0..<deaths / 10 {
            let error = #expect(throws: KernelCallError.self) {
                try client.call("twice/exit", deadly, options: unnamed)
            }
            #expect(error?.code != .poisoned)
        }
        for _ in 0..<breaches { try sendUnsealedMemory(daemon) }
    }

    private func sendUnsealedMemory(_ daemon: DaemonUnderTest) throws {
        let raw = try RawClient(daemon)
        let memory = try SharedMemory.create(name: "unsealed", byteCount: 4096)
        let tensor = OutgoingTensor(
            name: "x",
            type: .f32,
            shape: [1024],
            payload: .descriptor(index: 0, offset: 0)
        )
        let frame = try CallFrame.encode(
            CallHead(id: 1),
            kernel: "fault/echo",
            tensors: [tensor],
            descriptorCount: 1
        )
        try raw.send(frame, descriptors: [memory.rawDescriptor])
        let refused = try raw.reply().head
        #expect(refused.error == .malformedFrame && refused.message.contains("F_SEAL"))
        // More than announced.
        try raw.send(frame, descriptors: [memory.rawDescriptor, memory.rawDescriptor])
        let head = try raw.reply().head
        #expect(head.error == .malformedFrame)
    }

    /// All clients are gone and all workers are there.
    private func waitUntilQuiet(_ daemon: DaemonUnderTest) throws {
        try daemon.waitUntil("it is quiet") { status in
            status.clients == 0 && status.calls.inFlight == 0
                && status.kernels.allSatisfy { $0.slots.allSatisfy { $0.state == .ready } }
        }
    }
}
