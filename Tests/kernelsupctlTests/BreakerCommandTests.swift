import ControlProtocol
import Foundation
import Testing

@testable import kernelsupctl

/// The verbs that steer, against a fake daemon.
@Suite(.serialized) struct BreakerCommandTests {
    private func run(
        _ arguments: String...,
        health: HealthState = .critical
    ) throws -> Program.Outcome {
        var outcome: Program.Outcome?
        try FakeService.run(health: health) { service in
            outcome = try Program.run(arguments, directory: service.directory)
        }
        return try #require(outcome)
    }

    @Test func `breaker shows a kernel's breakers in full`() {
        let text = BreakerText(kernel: Samples.broken, presentation: Samples.presentation).text
        #expect(
            text == """
                circuit breakers of finance/var
                  finance/var/0  open since 14:04:50, trial 14:05:31 (in 18s)
                    window  5 calls: 4 failed, 1 slow, 20 % ok; 3 failed in a row
                    ever    1 opening
                  finance/var/1  closed since 2026-11-23 13:05
                    window  0 calls: 0 failed, 0 slow; 0 failed in a row
                    ever    0 openings
                  refused   412 calls
                  retries   3 left in the budget

                """
        )
    }

    @Test func `breaker tells an override from the state below it`() {
        var kernel = Samples.broken
        kernel.resilience.breakers.removeLast()
        kernel.resilience.breakers[0].override = .observe
        kernel.resilience.breakers[0].wouldHaveRefused = 7
        kernel.resilience.breakers[0].trials = 1
        let text = BreakerText(kernel: kernel, presentation: Samples.presentation).text
        #expect(
            text == """
                circuit breakers of finance/var
                  finance/var/0  only observed; by itself open since 14:04:50
                    window  5 calls: 4 failed, 1 slow, 20 % ok; 3 failed in a row
                    ever    1 opening, 7 would have been refused; 1 trial in flight
                  refused   412 calls
                  retries   3 left in the budget
                  back to the configuration: kernelsupctl breaker finance/var --set auto

                """
        )
    }

    @Test func `breaker tells a half-open state, and whether a trial runs`() {
        var kernel = Samples.broken
        kernel.resilience.breakers.removeLast()
        kernel.resilience.breakers[0].state = .halfOpen
        func notes() -> [String] {
            BreakerText(kernel: kernel, presentation: Samples.presentation).notes
        }
        #expect(notes() == ["half-open since 14:04:50, 4 of 5 last calls failed"])
        kernel.resilience.breakers[0].trials = 1
        #expect(notes() == ["half-open since 14:04:50, a trial runs, 4 of 5 last calls failed"])
    }

    @Test func `breaker answers in JSON`() throws {
        let outcome = try run("breaker", "finance/var", "--format", "json")
        #expect(outcome.status == 0)
        #expect(
            outcome.output.hasPrefix(
                #"{"breakers":[{"calls":5,"consecutive_failures":3,"failures":4,"openings":1,"#
                    + #""override":"none","retry_after_s":18,"#
            )
        )
        #expect(
            outcome.output.hasSuffix(
                #""format":1,"kernel":"finance/var","refused_by_breaker":412,"#
                    + #""retries_left":3}"# + "\n"
            )
        )
    }

    @Test(arguments: [
        ("open", "held open; by itself open since"),
        ("closed", "held closed; by itself open since"),
        ("observe", "only observed; by itself open since"), ("auto", "open since"),
    ])
    func `breaker sets a word and shows what is so then`(word: String, text: String) throws {
        let outcome = try run("breaker", "finance/var", "--set", word)
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        #expect(outcome.output.contains("finance/var/0  \(text)"))
    }

    @Test func `status shows a breaker only where it is not closed or has an override`() {
        var held = Samples.healthy("core/echo")
        held.resilience.breakers = [
            BreakerStatus(slot: "core/echo/0", since: Samples.at(-9), override: .forcedClosed)
        ]
        var closed = Samples.healthy("core/add")
        closed.resilience.breakers = [BreakerStatus(slot: "core/add/0", since: Samples.at(-9))]
        let text = StatusText(
            status: Samples.status(.critical, [held, closed, Samples.broken]),
            presentation: Samples.presentation
        ).text
        let lines = text.split(separator: "\n").dropFirst(2).map(String.init)
        #expect(
            lines == [
                "  KERNEL      STATE   SLOTS CALLS FAILED RESTARTS WHY AND NEXT",
                "× finance/var down      1/2   500      5        3 its circuit breaker is open:",
                "                                                  calls are refused; trial",
                "                                                  14:05:31 (in 18s)",
                "● core/echo   healthy   1/1     7      0        0 breaker held closed",
                "● core/add    healthy   1/1     7      0        0",
                "calls 548 accepted: 542 ok, 5 failed, 1 in flight, 0 queued",
                "      412 refused, 1 retried; 3 clients",
                "1 alert not acknowledged: kernelsupctl ack finance/var",
            ]
        )
    }

    @Test func `status of one kernel shows its open breaker, its ladder and its alert`() {
        let text = KernelStatusText(
            kernel: Samples.broken,
            presentation: Samples.presentation
        ).text
        #expect(
            text.contains(
                """
                  breaker finance/var/0: open since 14:04:50, trial 14:05:31 (in 18s), 4 of 5
                          last calls failed
                  ladder  spent restart_kernel 3/3; now notify_operator
                  alert   not acknowledged: kernelsupctl ack finance/var

                """
            ),
            "\(text)"
        )
    }

    @Test func `health names the alerts that wait`() {
        let component = Health.Component(
            kernel: "finance/var",
            state: .down,
            since: Samples.at(-1),
            resilience: Samples.broken.resilience
        )
        let health = Health(status: .critical, components: [component], totals: .init(down: 1))
        let text = HealthText(health: health, presentation: Samples.presentation).text
        #expect(text.hasSuffix("\nnot acknowledged: finance/var\n"))
    }

    @Test func `ack says what was acknowledged, or that there was nothing`() throws {
        #expect(
            try run("ack", "finance")
                == .init(
                    status: 0,
                    output: "acknowledged the alert of finance: now notify_operator\n",
                    errors: ""
                )
        )
        #expect(
            try run("ack", "finance", health: .healthy)
                == .init(
                    status: 0,
                    output: "nothing to acknowledge of finance: it has no alert\n",
                    errors: ""
                )
        )
        #expect(
            try run("ack", "finance", "--format", "json").output
                == #"{"acknowledged":true,"alert":"acknowledged","format":1,"group":"finance","#
                + #""recovery":"now notify_operator"}"# + "\n"
        )
        let again = Acknowledgement(group: "finance", acknowledged: false, alert: .acknowledged)
        #expect(ackText(again) == "nothing to acknowledge of finance: its alert was before\n")
    }

    @Test(arguments: [
        (["breaker", "finance/vra"], 4, "no kernel 'finance/vra' is configured; did you mean"),
        (["breaker", "finance/vra", "--set", "open"], 4, "did you mean 'finance/var'?"),
        (["breaker", "finance/var", "--set", "shut"], 64, "'shut' is invalid for '--set"),
        (["breaker"], 64, "Missing expected argument '<kernel>'"),
        (["braker", "finance/var"], 64, "there is no verb 'braker'; did you mean 'breaker'?"),
        (["ack", "nothing"], 4, "no kernel 'nothing' is configured"),
    ])
    func `refuses with a sentence and its exit status`(
        arguments: [String],
        status: Int32,
        words: String
    ) throws {
        var outcome: Program.Outcome?
        try FakeService.run { service in
            outcome = try Program.run(arguments, directory: service.directory)
        }
        let refused = try #require(outcome)
        #expect(Int(refused.status) == Int(status))
        #expect(refused.output == "")
        #expect(refused.errors.contains(words), "\(refused.errors)")
    }

    @Test func `says that a user may not change anything`() throws {
        for words in [["breaker", "finance/var", "--set", "open"], ["ack", "finance"]] {
            var outcome: Program.Outcome?
            try FakeService.run(health: .unknown) { service in
                outcome = try Program.run(words, directory: service.directory)
            }
            #expect(
                outcome
                    == .init(
                        status: 5,
                        output: "",
                        errors: "kernelsupctl: error: not allowed: "
                            + "only root and the daemon's user may change this\n"
                    )
            )
        }
        #expect(try run("breaker", "finance/var", health: .unknown).status == 0)
    }

    @Test(arguments: [
        (
            "core/open",
            """
            kernelsupctl: error: core/open refused the call: circuit open, a trial in 18s (KSUP-R10)
              not run: safe to send again after TIME (in 18s)
              why: kernelsupctl breaker core/open

            """
        ),
        (
            "core/circle",
            """
            kernelsupctl: error: the call of core/circle is refused: a → b is a circle
              not run: refused again as long as kernels call each other so

            """
        ),
        (
            "core/poison",
            """
            kernelsupctl: error: calls of core/poison with this content have killed 2 workers; \
            more of them are refused for 18s
              not run: other content is served; this one again after TIME (in 18s)
              how they ended: journalctl -u kernelsupd

            """
        ),
    ])
    func `call says what is refused, why, and what follows`(kernel: String, text: String) throws {
        let outcome = try run("call", kernel)
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        #expect(outcome.errors.replacing(/\d\d:\d\d:\d\d/, with: "TIME") == text)
    }
}
