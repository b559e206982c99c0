import Foundation
import Glibc
import KernelClient

/// `graph/pagerank` on the dependencies of this machine's packages.
struct PackageRanking {
    private let graph: DependencyGraph
    private var iterations = 0
    private var whole: [Double] = []
    private var executed: [Double] = []
    private var device: [Double] = []

    init() throws {
        let known = try? Program.output(of: "/usr/bin/apt-cache", ["dumpavail"])
        let installed = try? String(contentsOfFile: "/var/lib/dpkg/status", encoding: .utf8)
        let text = known.flatMap { $0.isEmpty ? nil : $0 } ?? installed ?? ""
        graph = DependencyGraph(controlFile: Array(text.utf8))
        guard !graph.names.isEmpty else { throw Failure("this machine has no package database") }
    }

    mutating func run(at socketPath: String, rounds: Int) throws {
        var client = BlockingKernelClient(path: socketPath)
        // The tolerance is out of reach: every call does all its iterations.
        let arguments = [
            Tensor("offsets", graph.offsets),
            Tensor("targets", graph.targets),
            .scalar("damping", Float(0.85)),
            .scalar("tolerance", Float(1e-30)),
            .scalar("max_iterations", UInt32(500)),
        ]
        for _ in 0..<rounds {
            let started = ContinuousClock.now
            let result = try client.call(
                "graph/pagerank",
                arguments,
                options: CallOptions(timeout: .seconds(120))
            )
            whole.append((ContinuousClock.now - started).inSeconds)
            executed.append(result.executed.inSeconds)
            device.append(result.device.inSeconds)
            iterations = Int(result["iterations"]?.u32?.first ?? 0)
        }
    }

    func print() {
        var table = Table(["graph/pagerank on the package dependencies", "", "target"])
        let steps = Double(graph.names.count * iterations)
        let around = zip(whole, device).map { ($0 - $1) / $0 }
        let outside = zip(whole, executed).map { ($0 - $1) / $0 }
        table.add(["nodes", "\(graph.names.count)", ""])
        table.add(["edges", "\(graph.targets.count)", ""])
        table.add(["iterations", "\(iterations)", ""])
        table.add(["whole call ms", short(1000 * median(whole)), ""])
        table.add(["in the kernel ms", short(1000 * median(executed)), ""])
        table.add(["on the device ms", short(1000 * median(device)), ""])
        table.add(["way around the device, % of the call", short(100 * median(around)), "≤ 5"])
        table.add(["way around the kernel, % of the call", short(100 * median(outside)), ""])
        table.add(["million nodes × iterations a second", short(steps / median(whole) / 1e6), ""])
        table.print()
    }
}
