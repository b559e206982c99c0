import SupervisionKit
import Testing

@testable import kernelsupd

/// Which of several places that set a value counts.
struct PolicyLayerTests {
    private static let main = """
        [defaults]
        preset = "production"
        [defaults.retry]
        max_attempts = 4
        [groups.g.breaker]
        success_threshold = 7
        [groups.p]
        preset = "development"
        """

    private func policies(_ manifest: String) throws -> (KernelConfiguration, GroupConfiguration) {
        try policies(Self.main, manifest)
    }

    private func policies(
        _ main: String,
        _ manifest: String
    ) throws -> (KernelConfiguration, GroupConfiguration) {
        let core = try PolicyFiles(main, manifests: ["a/k": manifest]).load().core
        return (try #require(core.kernels.first), try #require(core.groups.first))
    }

    @Test func `without a word everything is as the policies have it built in`() throws {
        let core = try PolicyFiles("").load().core
        var expected = Configuration()
        expected.kernels = [KernelConfiguration(name: "a/k", group: "a/k")]
        expected.kernels[0].isIdempotent = false
        expected.groups = [GroupConfiguration(name: "a/k")]
        expected.groups[0].launchFingerprint = core.groups.first?.launchFingerprint ?? 0
        #expect(core == expected)
    }

    @Test(arguments: Preset.allCases)
    func `a preset sets every policy of a kernel with workers of its own`(preset: Preset) throws {
        let text = "preset = \"\(preset.rawValue)\""
        for (main, manifest) in [("[defaults]\n" + text, ""), ("", text), (Self.main, text)] {
            let (kernel, group) = try policies(main, manifest)
            var values = PolicySet()
            values.timeout = kernel.timeout
            values.retry = kernel.retry
            values.bulkhead = kernel.bulkhead
            values.breaker = kernel.breaker
            values.recovery = group.recovery
            values.lifecycle = group.lifecycle
            values.health = group.health
            #expect(values == PolicySet(preset))
        }
    }

    @Test func `a key under defaults stands above the preset of defaults`() throws {
        let (kernel, _) = try policies("")
        #expect(kernel.breaker == PolicySet(.production).breaker)
        #expect(kernel.timeout == PolicySet(.production).timeout)
        #expect(kernel.retry.maxAttempts == 4)
    }

    @Test func `a kernel's preset stands above keys of defaults and below its own keys`() throws {
        let text = "preset = \"development\"\n[timeout]\nmax_timeout = \"2h\"\n"
        let (kernel, group) = try policies(text)
        var timeout = PolicySet(.development).timeout
        timeout.maxTimeout = .seconds(7200)
        #expect(kernel.timeout == timeout)
        #expect(kernel.retry == PolicySet(.development).retry)
        #expect(group.recovery == PolicySet(.development).recovery)
    }

    @Test func `a kernel starts from its group's keys, and those from defaults`() throws {
        let (kernel, _) = try policies("group = \"g\"")
        #expect(kernel.breaker.successThreshold == 7)
        #expect(kernel.breaker.timeout == .seconds(60))
        #expect(kernel.retry.maxAttempts == 4)
        let (other, workers) = try policies("group = \"p\"")
        #expect(other.retry == PolicySet(.development).retry)
        #expect(workers.recovery == PolicySet(.development).recovery)
    }

    @Test func `a preset of a kernel that shares its workers leaves them alone`() throws {
        let (kernel, group) = try policies("group = \"g\"\npreset = \"development\"")
        #expect(kernel.breaker == PolicySet(.development).breaker)
        #expect(kernel.retry == PolicySet(.development).retry)
        #expect(group.recovery == PolicySet(.production).recovery)
        #expect(group.health == PolicySet(.production).health)
    }

    @Test func `a preset leaves replicas, the share of ejection, device and environment alone`()
        throws
    {
        let main =
            "[daemon]\nmax_starting = 3\nmax_probe_rate = 7\npoison_time = \"1min\"\n"
            + "[defaults]\nreplicas = 3\nmax_ejected = 0.25\n"
        let files = try PolicyFiles(main, manifests: ["a/k": "preset = \"production\""])
        let core = try files.load().core
        #expect(core.groups.first?.replicas == 3)
        #expect(core.groups.first?.maxEjected == 0.25)
        #expect(core.maxStarting == 3)
        #expect(core.maxProbeRate == 7)
        #expect(core.poisonTime == .seconds(60))
    }

    @Test func `every kind of value reaches the core`() throws {
        let (kernel, group) = try policies(
            "",
            """
            [breaker]
            failure_rate = false
            slow_call_duration = "2s"
            slow_rate = 1
            override = "forced_open"
            [retry]
            backoff = "linear"
            multiplier = 3
            retryable_errors = ["failed"]
            [timeout]
            include_queue_time = false
            [recovery]
            strategy = "use_replica"
            escalation = ["notify_operator"]
            permanent_exit_codes = [2, 65]
            """
        )
        var expected = PolicySet()
        expected.breaker.failureRate = nil
        expected.breaker.slowCallDuration = .seconds(2)
        expected.breaker.slowRate = 1
        expected.breaker.override = .forcedOpen
        expected.retry.backoff = .linear
        expected.retry.multiplier = 3
        expected.retry.retryableErrors = [.failed]
        expected.timeout.includeQueueTime = false
        expected.recovery.strategy = .useReplica
        expected.recovery.escalation = [.notifyOperator]
        expected.recovery.permanentExitCodes = [2, 65]
        #expect(kernel.breaker == expected.breaker)
        #expect(kernel.retry == expected.retry)
        #expect(kernel.timeout == expected.timeout)
        #expect(group.recovery == expected.recovery)
    }
}
