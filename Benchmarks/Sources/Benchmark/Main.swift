import Foundation
import Glibc
import KernelClient

@main
enum Main {
    static func main() async {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            print(Options.usage)
            exit(64)
        }
        do {
            try measureRelayAndDaemon(options)
            try await measureStockWorker(options)
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }

    private static func measureRelayAndDaemon(_ options: Options) throws {
        let worker = options.floorDirectory + "/worker"
        let command = "command = [\"\(worker)\"]"
        let daemon = try DaemonUnderTest(
            programs: options.programsDirectory,
            group: "bench",
            kernels: ["bench/echo": command, "bench/read": command]
        )
        defer { daemon.stop() }
        let relaySocket = NSTemporaryDirectory() + "kernelsupd-bench.\(getpid()).relay"
        let relay = try Program(options.floorDirectory + "/relay", [relaySocket, worker])
        defer {
            relay.stop()
            unlink(relaySocket)
        }
        try daemon.waitUntilServing("bench/echo", [.bytes("data", [1])])
        while access(relaySocket, F_OK) != 0, relay.isRunning { usleep(10_000) }
        var comparison = RelayComparison(options)
        try comparison.run(
            relay: .init(socketPath: relaySocket, pid: relay.pid),
            daemon: .init(socketPath: daemon.socketPath, pid: daemon.pid)
        )
        comparison.print()
        try Footprint(of: daemon.pid, idleSeconds: options.idleSeconds).print()
    }

    private static func measureStockWorker(_ options: Options) async throws {
        let daemon = try DaemonUnderTest(
            programs: options.programsDirectory,
            group: "stock",
            kernels: [
                "core/echo": "builtin = \"core/echo\"",
                "graph/pagerank": "builtin = \"graph/pagerank\"",
            ]
        )
        defer { daemon.stop() }
        try daemon.waitUntilServing("core/echo", [.bytes("data", [1])])
        var callers = Callers(options)
        try await callers.run(at: daemon.socketPath, of: daemon.pid)
        callers.print()
        var ranking = try PackageRanking()
        try ranking.run(at: daemon.socketPath, rounds: options.rounds)
        ranking.print()
    }
}
