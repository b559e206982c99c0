/// The daemon beside the bare relay: the same client, the same worker, the same frames.
struct RelayComparison {
    typealias Load = FloorClient.Load

    /// Where calls go.
    struct Place {
        var socketPath: String
        var pid: Int32
    }

    private static let small = Load()
    private static let idempotent = Load(isIdempotent: true)
    private static let large = Load(byteCount: 16 << 20, isMemfd: true)
    private static let read = Load(kernel: "bench/read", byteCount: 16 << 20, isMemfd: true)
    private static let crowds = [16, 64]

    let options: Options
    let client: FloorClient
    private var samples: [Load: (floor: [FloorClient.Sample], daemon: [FloorClient.Sample])] = [:]

    init(_ options: Options) {
        self.options = options
        client = FloorClient(path: options.floorDirectory + "/client", seconds: options.seconds)
    }

    /// Measures every load at both in each round, in turns first at the one and at the other.
    mutating func run(relay: Place, daemon: Place) throws {
        let crowds = Self.crowds.flatMap {
            [Load(inFlight: $0), Load(inFlight: $0, isIdempotent: true)]
        }
        for round in 0..<options.rounds {
            for load in [Self.small, Self.idempotent, Self.large, Self.read] + crowds {
                for isDaemon in round.isMultiple(of: 2) ? [false, true] : [true, false] {
                    let place = isDaemon ? daemon : relay
                    let sample = try client.measure(load, at: place.socketPath, through: place.pid)
                    if isDaemon {
                        samples[load, default: ([], [])].daemon.append(sample)
                    } else {
                        samples[load, default: ([], [])].floor.append(sample)
                    }
                }
            }
        }
    }

    func print() {
        var table = Table(["call through", "C relay", "kernelsupd", "ratio", "target"])
        func add(
            _ title: String,
            _ load: Load,
            _ key: KeyPath<FloorClient.Sample, Double>,
            per unit: Double = 1,
            target: String = ""
        ) {
            let pair = paired(load, key)
            table.add([
                title, short(median(pair.floor) / unit), short(median(pair.daemon) / unit),
                short(pair.ratio), target,
            ])
        }
        add("1 KiB, p50 µs", Self.small, \.p50, per: 1000, target: "≤ 1.3")
        add("1 KiB, p99 µs", Self.small, \.p99, per: 1000)
        add("1 KiB idempotent, p50 µs", Self.idempotent, \.p50, per: 1000)
        add("its processor time a call, 1 in flight, µs", Self.small, \.processor, per: 1000)
        add("1 KiB, calls/s, 1 in flight", Self.small, \.callsPerSecond, target: "≥ 0.85")
        for crowd in Self.crowds {
            let load = Load(inFlight: crowd)
            add("1 KiB, calls/s, \(crowd) in flight", load, \.callsPerSecond, target: "≥ 0.85")
            let again = Load(inFlight: crowd, isIdempotent: true)
            add("1 KiB idempotent, calls/s, \(crowd) in flight", again, \.callsPerSecond)
            add("its processor time a call, \(crowd) in flight, µs", load, \.processor, per: 1000)
        }
        add("16 MiB memfd, mapped and not touched, p50 µs", Self.large, \.p50, per: 1000)
        addSizeRatio(to: &table)
        table.print()
        printFirstTouch()
    }

    private func addSizeRatio(to table: inout Table) {
        func ratio(_ side: (Paired) -> [Double]) -> Double {
            let large = side(paired(Self.large, \.p50))
            let small = side(paired(Self.small, \.p50))
            return median(zip(large, small).map { $0 / $1 })
        }
        let (floor, daemon) = (ratio(\.floor), ratio(\.daemon))
        table.add([
            "16 MiB memfd against 1 KiB, p50", short(floor) + " ×", short(daemon) + " × (≤ 2)",
            short(daemon / floor), "",
        ])
    }

    private func printFirstTouch() {
        let both = samples[Self.read].map { $0.floor + $0.daemon } ?? []
        var table = Table(["the first touch of 16 MiB, not in the rows above", "ms"])
        table.add([
            "client: make a memfd, fill it, seal it", short(median(both.map(\.filling)) / 1e6),
        ])
        table.add([
            "worker: map it, read every word, unmap it", short(median(both.map(\.executed)) / 1e6),
        ])
        table.print()
    }

    private func paired(_ load: Load, _ key: KeyPath<FloorClient.Sample, Double>) -> Paired {
        let sides = samples[load] ?? ([], [])
        return Paired(
            floor: sides.floor.map { $0[keyPath: key] },
            daemon: sides.daemon.map { $0[keyPath: key] }
        )
    }
}
