import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire

/// What is done to the workers.
enum ChaosFault: String, CaseIterable, Sendable {
    /// SIGKILL.
    case kill
    /// SIGSTOP, and SIGCONT a moment later.
    case pause
    /// SIGSTOP, to be found.
    case stop
    /// A call that crashes its worker.
    case crash
    /// A call that hangs in the kernel.
    case hang
    /// A call that hangs the whole process.
    case freeze
    /// A call that takes more memory than the worker may have.
    case memory
    /// A call that makes the worker write 8 MiB to standard error.
    case flood
    /// A call that is answered with random bytes.
    case garbage
    /// Large calls on a connection that is not read from for a while.
    case burst

    /// The kernel that does it and its amount; nil for what is done from outside.
    var call: (kernel: String, amount: UInt32)? {
        switch self {
        case .kill, .pause, .stop, .burst: nil
        case .crash: ("fault/crash", 0)
        case .hang: ("fault/hang-kernel", 0)
        case .freeze: ("fault/hang-outside", 0)
        case .memory: ("fault/leak", 1024)
        case .flood: ("fault/flood", 8)
        case .garbage: ("fault/garbage", 0)
        }
    }

    static let kernels = allCases.compactMap(\.call?.kernel)
}

/// A thread that does one thing after another to the workers.
struct FaultInjector {
    let daemon: DaemonUnderTest
    var random: SplitMix64
    private(set) var counts: [ChaosFault: Int] = [:]
    private(set) var tally = ChaosTally()
    private var client: ChaosClient

    init(_ daemon: DaemonUnderTest, number: UInt32, _ random: SplitMix64) {
        self.daemon = daemon
        self.random = random
        client = ChaosClient(daemon, number: number, random)
    }

    mutating func run(until end: Instant) throws {
        while now() < end {
            let fault = ChaosFault.allCases.randomElement(using: &random) ?? .kill
            try inject(fault)
            counts[fault, default: 0] += 1
            usleep(.random(in: 20_000...400_000, using: &random))
        }
    }

    private mutating func inject(_ fault: ChaosFault) throws {
        if let (kernel, amount) = fault.call {
            // Each of another content: a call that has killed two workers is refused.
            let timeout = Duration.milliseconds(.random(in: 50...500, using: &random))
            client.call(kernel, amount: amount, timeout: timeout, into: &tally)
            return
        }
        switch fault {
        case .kill: try signal(SIGKILL)
        case .stop: try signal(SIGSTOP)
        case .pause:
            guard let worker = try pick() else { return }
            try? worker.signal(SIGSTOP)
            usleep(.random(in: 1000...200_000, using: &random))
            try? worker.signal(SIGCONT)
        default: try burst()
        }
    }

    private mutating func signal(_ signal: Int32) throws {
        // It may have ended meanwhile.
        try? pick()?.signal(signal)
    }

    /// A worker, held so that nobody else can have its number.
    private mutating func pick() throws -> ProcessHandle? {
        guard let pid = daemon.workers.randomElement(using: &random),
            let worker = try? ProcessHandle.open(pid: pid),
            (try? ProcessTable.environment(of: pid))?.contains(daemon.workerMark) == true
        else { return nil }
        return worker
    }

    /// Each of the calls is answered once, and nothing else comes.
    private mutating func burst() throws {
        let client = try RawClient(daemon, nonblocking: true)
        let x = [Float](repeating: .random(in: 0...1, using: &random), count: 15_000)
        var open: Set<UInt64> = []
        for id in 1...UInt64(24) {
            let isSent = try client.call("chaos/note", id: id, x: x, timeout: .seconds(1))
            guard isSent else { break }
            open.insert(id)
        }
        usleep(.random(in: 0...200_000, using: &random))
        while !open.isEmpty {
            let head = try client.reply().head
            tally.countRaw(head, isExpected: open.remove(head.id) != nil)
        }
        if client.hasInput { tally.strayReplies += 1 }
    }
}
