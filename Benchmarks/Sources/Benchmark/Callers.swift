import KernelClient

/// What a caller in Swift sees of a 1 KiB call to the stock worker's `core/echo`.
struct Callers {
    private struct Column {
        var p50: [Double] = []
        var p99: [Double] = []
        var callsPerSecond: [Double] = []
        var callsPerSecondOf16: [Double] = []

        mutating func add(p50: Double, p99: Double, callsPerSecond: Double) {
            self.p50.append(p50)
            self.p99.append(p99)
            self.callsPerSecond.append(callsPerSecond)
        }
    }

    private static let titles = ["C client", "BlockingKernelClient", "KernelClient (async)"]
    private static let tensor = Tensor.bytes("data", [UInt8](repeating: 1, count: 1024))

    let options: Options
    private var columns = titles.map { _ in Column() }

    init(_ options: Options) {
        self.options = options
    }

    mutating func run(at socketPath: String, of daemon: Int32) async throws {
        let client = FloorClient(path: options.floorDirectory + "/client", seconds: options.seconds)
        for _ in 0..<options.rounds {
            let one = try client.measure(
                .init(kernel: "core/echo"),
                at: socketPath,
                through: daemon
            )
            let many = try client.measure(
                .init(kernel: "core/echo", inFlight: 16),
                at: socketPath,
                through: daemon
            )
            columns[0].add(p50: one.p50, p99: one.p99, callsPerSecond: one.callsPerSecond)
            columns[0].callsPerSecondOf16.append(many.callsPerSecond)
            try add(blocking(socketPath), to: 1)
            let asynchronous = KernelClient(path: socketPath)
            try await add(inTurn(asynchronous), to: 2)
            columns[2].callsPerSecondOf16.append(try await together(asynchronous, 16))
            asynchronous.disconnect()
        }
    }

    func print() {
        var table = Table(["1 KiB through kernelsupd to the stock worker"] + Self.titles)
        func add(_ title: String, _ key: KeyPath<Column, [Double]>, per unit: Double = 1) {
            let cells = columns.map { column in
                let values = column[keyPath: key]
                return values.isEmpty ? "" : short(median(values) / unit)
            }
            table.add([title] + cells)
        }
        add("p50 µs", \.p50, per: 1000)
        add("p99 µs", \.p99, per: 1000)
        add("calls/s, 1 in flight", \.callsPerSecond)
        add("calls/s, 16 in flight", \.callsPerSecondOf16)
        table.print()
    }

    private mutating func add(_ latencies: [Double], to column: Int) {
        let sorted = latencies.sorted()
        let rate = Double(latencies.count) / (latencies.reduce(0, +) / 1e9)
        columns[column].add(
            p50: quantile(0.5, of: sorted),
            p99: quantile(0.99, of: sorted),
            callsPerSecond: rate
        )
    }

    private func blocking(_ socketPath: String) throws -> [Double] {
        var client = BlockingKernelClient(path: socketPath)
        var latencies: [Double] = []
        let ends = ContinuousClock.now + .seconds(options.seconds)
        while true {
            let started = ContinuousClock.now
            guard started < ends else { return latencies }
            _ = try client.call("core/echo", [Self.tensor])
            latencies.append((ContinuousClock.now - started).inSeconds * 1e9)
        }
    }

    private func inTurn(_ client: KernelClient) async throws -> [Double] {
        var latencies: [Double] = []
        let ends = ContinuousClock.now + .seconds(options.seconds)
        while true {
            let started = ContinuousClock.now
            guard started < ends else { return latencies }
            _ = try await client.call("core/echo", [Self.tensor])
            latencies.append((ContinuousClock.now - started).inSeconds * 1e9)
        }
    }

    /// Calls a second of so many tasks, each with one call under way.
    private func together(_ client: KernelClient, _ count: Int) async throws -> Double {
        let started = ContinuousClock.now
        let ends = started + .seconds(options.seconds)
        let calls = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask {
                    var calls = 0
                    while ContinuousClock.now < ends {
                        _ = try await client.call("core/echo", [Self.tensor])
                        calls += 1
                    }
                    return calls
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(calls) / (ContinuousClock.now - started).inSeconds
    }
}
