// Ranks the packages of a Debian package database by PageRank over their dependencies, through a
// running kernelsupd: the example of a program that calls a kernel.
//
//     apt-cache dumpavail | package-rank /run/kernelsupd/calls.sock

import Glibc
import KernelClient

let maxInputBytes = 1 << 30

func fail(_ message: String) -> Never {
    print("package-rank: error: \(message)")
    exit(1)
}

func readStandardInput() -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = read(STDIN_FILENO, &part, part.count)
        guard count > 0 else { return bytes }
        bytes += part[0..<count]
        guard bytes.count <= maxInputBytes else {
            fail("more than \(maxInputBytes) bytes of input")
        }
    }
}

func milliseconds(_ duration: Duration) -> String {
    let microseconds =
        duration.components.seconds * 1_000_000 + duration.components.attoseconds
        / 1_000_000_000_000
    return "\(Double(microseconds / 10) / 100) ms"
}

guard CommandLine.arguments.count == 2 else {
    print("usage: package-rank CALLS_SOCKET < control-file")
    exit(64)
}
let graph = DependencyGraph(controlFile: readStandardInput())
guard !graph.names.isEmpty else { fail("no package on standard input") }

let client = KernelClient(path: CommandLine.arguments[1])
let clock = ContinuousClock()
let started = clock.now
do {
    let result = try await client.call(
        "graph/pagerank",
        [
            Tensor("offsets", graph.offsets),
            Tensor("targets", graph.targets),
            .scalar("damping", Float(0.85)),
            // Far below what f32 can reach: every call does all its iterations and takes its time.
            .scalar("tolerance", Float(1e-30)),
            .scalar("max_iterations", UInt32(2000)),
        ],
        options: CallOptions(timeout: .seconds(120))
    )
    let whole = clock.now - started
    guard let ranks = result["ranks"]?.f32, let iterations = result["iterations"]?.u32?.first else {
        fail("the answer has no ranks")
    }
    print(
        "packages \(graph.names.count), dependencies \(graph.targets.count), "
            + "iterations \(iterations)"
    )
    print(
        "whole call \(milliseconds(whole)), queued \(milliseconds(result.queued)), "
            + "in the kernel \(milliseconds(result.executed)), "
            + "on the device \(milliseconds(result.device))"
    )
    print(
        "attempts \(result.attempts), answered by \(result.worker), "
            + "incarnation \(result.incarnation)"
    )
    let best = ranks.indices.sorted { ranks[$0] > ranks[$1] }.prefix(10)
    for (place, node) in best.enumerated() {
        print("\(place + 1)\t\(ranks[node])\t\(graph.names[node])")
    }
} catch {
    fail("\(error)")
}
