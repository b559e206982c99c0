import Testing

@testable import kernelsupd

/// What is refused, and where the error stands.
struct PolicyErrorTests {
    @Test(
        arguments: [
            (
                "[process]\noom_score_adjust = 1001",
                "2:20: error: `oom_score_adjust` is 1001, allowed is -1000...1000"
            ),
            (
                "[process]\numask = \"0888\"",
                "2:9: error: `umask` wants an octal mode such as \"0660\""
            ),
            (
                "[process]\nmemory = \"1KiB\"",
                "2:10: error: `memory` wants a size such as \"512MiB\" or \"8GiB\", from 1MiB to "
                    + "1024TiB, or false"
            ),
            (
                "[process]\nmemory = true",
                "2:10: error: `memory` wants a size such as \"512MiB\" or \"8GiB\", from 1MiB to "
                    + "1024TiB, or false"
            ),
            (
                "[process]\nuser = \"nobody-of-that-name\"",
                "2:8: error: there is no user 'nobody-of-that-name' on this machine"
            ),
            (
                "[process]\nworking_directory = \"/nowhere\"",
                "2:21: error: no worker can start in `working_directory`: open /nowhere: ENOENT "
                    + "(No such file or directory)"
            ),
            (
                "[breaker]\ntimeout = \"6min\"",
                "2:11: error: `timeout` (6min) is longer than `max_timeout` (5min)"
            ),
            (
                "[breaker]\nslow_rate = 0.5",
                "2:13: error: `slow_rate` needs `slow_call_duration`: without it no call is slow"
            ),
            (
                "[breaker]\nwindow = \"99ms\"",
                "2:10: error: `window` is 99ms, allowed is 100ms...366d"
            ),
            (
                "[breaker]\nfailure_rate = 0",
                "2:16: error: `failure_rate` is 0.0, allowed is 0.001...1.0"
            ),
            (
                "[breaker]\nfailure_rate = nan",
                "2:16: error: `failure_rate` is nan, allowed is 0.001...1.0"
            ),
            (
                "[breaker]\nfailure_rate = true",
                "2:16: error: `failure_rate` wants a number or false, this is true"
            ),
            (
                "[breaker]\nhalf_open_max = 17",
                "2:17: error: `half_open_max` is 17, allowed is 1...16"
            ),
            (
                "[breaker]\nminimum_calls = 0",
                "2:17: error: `minimum_calls` is 0, allowed is 1...1000000"
            ),
            (
                "[breaker]\nslow_call_duration = -1",
                "2:22: error: `slow_call_duration` wants a duration such as 250ms or 30s"
            ),
            (
                "[retry]\ninitial = \"11s\"",
                "2:11: error: `initial` (11s) is longer than `max` (10s)"
            ),
            ("[retry]\nmax = \"1ms\"", "2:7: error: `initial` (100ms) is longer than `max` (1ms)"),
            (
                "[retry]\nmultiplier = inf",
                "2:14: error: `multiplier` is inf, allowed is 1.0...100.0"
            ),
            ("[retry]\nmultiplier = 0", "2:14: error: `multiplier` is 0.0, allowed is 1.0...100.0"),
            (
                "[retry]\nbudget_ratio = -0.1",
                "2:16: error: `budget_ratio` is -0.1, allowed is 0.0...1.0"
            ),
            (
                "[retry]\nretryable_errors = [\"timeout\", \"timeout\"]",
                "2:32: error: `retryable_errors` holds timeout twice"
            ),
            (
                "[timeout]\nmax_timeout = \"1s\"",
                "2:15: error: `default_timeout` (30s) is longer than `max_timeout` (1s)"
            ),
            (
                "[timeout]\nmax_timeout = \"1000000000000000000s\"",
                "2:15: error: `max_timeout` wants a duration such as 250ms or 30s"
            ),
            (
                "[health]\ntimeout = \"10s\"",
                "2:11: error: a probe's `timeout` (10s) must be shorter than `interval` (10s)"
            ),
            (
                "[recovery]\ninitial_backoff = \"1min\"",
                "2:19: error: `initial_backoff` (1min) is longer than `max_restart_delay` (30s)"
            ),
            (
                "[recovery]\nescalation = [\"degrade\", \"degrade\"]",
                "2:26: error: `escalation` holds degrade twice"
            ),
            (
                "[recovery]\nescalation = [\"restart_kernel\"]",
                "2:14: error: `escalation` holds restart_kernel, which is the `strategy` already"
            ),
            (
                "[recovery]\npermanent_exit_codes = [0]",
                "2:25: error: `permanent_exit_codes` holds 0, allowed is 1...255"
            ),
            (
                "[environment]\nA = \"b\"\nKERNELSUP_CHANNEL = \"7\"",
                "3:1: error: `KERNELSUP_CHANNEL` can't be set: names that start with KERNELSUP_ "
                    + "are the daemon's own"
            ),
            (
                "[environment]\nKERNELSUP_ALERT_NUMBER = \"1\"",
                "2:1: error: `KERNELSUP_ALERT_NUMBER` can't be set: names that start with "
                    + "KERNELSUP_ are the daemon's own"
            ),
            ("preset = \"prodution\"", "1:10: error: preset = \"prodution\" is not a preset"),
            ("max_ejected = 1.5", "1:15: error: `max_ejected` is 1.5, allowed is 0.0...1.0"),
        ]
    )
    func `a wrong value is reported once, at its own place`(text: String, error: String) throws {
        let errors = try PolicyFiles("", manifests: ["a/k": text]).errors()
        #expect(errors.first == "kernels.d/a-k.toml:" + error)
        #expect(errors.filter { $0.contains(": error: ") }.count == 1)
    }

    @Test func `a contradiction names the places of both sides`() throws {
        let main = "[defaults.retry]\ninitial = \"5s\"\n"
        let files = try PolicyFiles(main, manifests: ["a/k": "[retry]\nmax = \"1s\""])
        #expect(
            files.errors() == [
                "kernels.d/a-k.toml:2:7: error: `initial` (5s) is longer than `max` (1s)",
                "    `initial` comes from: kernelsupd.toml:2:1",
            ]
        )
    }

    @Test func `a contradiction under defaults is not repeated for the kernels below`() throws {
        let main = "[defaults.retry]\ninitial = \"11s\"\n[groups.g]\n"
        let files = try PolicyFiles(
            main,
            manifests: ["a/k": "[retry]\nmax_attempts = 2", "a/l": "group = \"g\"", "a/m": ""]
        )
        #expect(files.errors().filter { $0.contains(": error: ") }.count == 1)
    }

    @Test func `one value that is wrong makes no second error of what it would contradict`() throws
    {
        let text = "[retry]\ninitial = \"1 s\"\nmax = \"1ms\""
        let errors = try PolicyFiles("", manifests: ["a/k": text]).errors()
        #expect(errors.filter { $0.contains(": error: ") }.count == 1)
    }

    @Test func `a strategy that the built-in ladder holds too is no contradiction`() throws {
        let text = "[recovery]\nstrategy = \"degrade\""
        #expect(try PolicyFiles("", manifests: ["a/k": text]).errors() == [])
    }

    @Test func `what belongs to shared workers can't be set by a kernel`() throws {
        let main = "[groups.g]\n"
        for key in Policies.groupKeys {
            let text =
                "group = \"g\"\n"
                + (key.contains("_") || ["replicas", "standbys"].contains(key)
                    ? "\(key) = 1" : "[\(key)]")
            let errors = try PolicyFiles(main, manifests: ["a/k": text]).errors()
            #expect(errors.first?.contains("`\(key)` belongs to the workers") == true, "\(key)")
        }
        #expect(
            Policies.groupKeys == [
                "degraded", "device", "environment", "health", "lifecycle", "log", "max_ejected",
                "process", "recovery", "replicas", "standbys",
            ]
        )
    }

    @Test func `errors of all files and layers come together`() throws {
        let main = """
            [daemon]
            max_starting = 4097
            max_probe_rate = 0
            poison_time = "-1s"
            real_time = 1
            [defaults]
            preset = 1
            [groups.g.helth]
            """
        let errors = try PolicyFiles(main, manifests: ["a/k": "[brekaer]"]).errors()
        #expect(errors.filter { $0.contains(": error: ") }.count == 7, "\(errors)")
    }
}
