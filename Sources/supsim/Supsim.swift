internal import Glibc

/// Runs the supervisor's core in a made-up world and holds it to its promises.
@main
enum Supsim {
    static func main() async {
        let command: Arguments.Command
        do {
            command = try Arguments(CommandLine.arguments.dropFirst()).command
        } catch {
            Output.complain("supsim: \(error.message); see supsim --help")
            exit(2)
        }
        do {
            guard try await isKept(command) else { exit(1) }
        } catch {
            Output.complain("supsim: \(error)")
            exit(2)
        }
    }

    /// Whether every promise was kept.
    private static func isKept(
        _ command: Arguments.Command
    ) async throws(Repetition.Failure) -> Bool {
        switch command {
        case .help:
            Output.write([Arguments.help])
            return true
        case .seed(let seed, let steps, let maxLines):
            return Single(seed: seed, steps: steps, maxLines: maxLines).run()
        case .replay(let path, let tells): return try Repetition(path: path, tells: tells).run()
        case .swarm(let seeds, let jobs, let maxFailures):
            let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            return await Swarm(
                seeds: seeds,
                jobs: jobs ?? processors,
                maxFailures: maxFailures
            ).run()
        }
    }
}
