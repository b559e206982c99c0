import Glibc
import LinuxSystem
import SupervisionKit

/// How long the chaos lasts, and the seed that everything in it is drawn from.
///
/// KERNELSUP_CHAOS_SECONDS and KERNELSUP_CHAOS_SEED say otherwise. The same seed draws the same
/// calls and faults; when they meet is up to the machine.
struct ChaosPlan: Sendable {
    var seconds: Int64 = 60
    var seed = UInt64.random(in: 0 ... .max)

    static let clients = 16
    static let injectors = 2

    init() {
        if let text = getenv("KERNELSUP_CHAOS_SECONDS"), let number = Int64(String(cString: text)) {
            seconds = number
        }
        if let text = getenv("KERNELSUP_CHAOS_SEED"), let number = UInt64(String(cString: text)) {
            seed = number
        }
    }

    /// Of one thread; no two share a sequence.
    func random(_ stream: UInt64) -> SplitMix64 {
        var random = SplitMix64(seed: seed &+ stream)
        return SplitMix64(seed: random.next())
    }

    /// One group: two replicas, a standby, four calls at once in each.
    var configuration: DaemonConfiguration {
        let command =
            [BuildProducts.faultWorker, "--concurrency", "4"]
            + ["--serve", "chaos/note=note", "--serve", "chaos/once=note"]
        let names = ["chaos/note", "chaos/once"] + ChaosFault.kernels
        let kernels = names.map { name in
            KernelFile(
                name: name,
                command: command,
                isIdempotent: name == "chaos/note",
                group: "chaos"
            )
        }
        var configuration = DaemonConfiguration(kernels)
        configuration["groups.chaos", "replicas"] = "2"
        configuration["groups.chaos", "standbys"] = "1"
        configuration["defaults.recovery", "restart_delay"] = #""0s""#
        // A count of refusals would say nothing of what the workers do.
        configuration["defaults.breaker", "override"] = #""observe""#
        configuration["defaults.health", "interval"] = #""1s""#
        configuration["defaults.health", "timeout"] = #""500ms""#
        configuration["defaults.health", "failure_threshold"] = "2"
        configuration["defaults.process", "memory"] = #""256MiB""#
        configuration["defaults.bulkhead", "max_queued"] = "1000"
        configuration["defaults.retry", "initial"] = #""1ms""#
        return configuration
    }
}
