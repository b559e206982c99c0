import ControlProtocol
import SupervisionKit

@testable import kernelsupctl

/// The state of cli-examples, at 14:05:13 of a day, read two hours east of UTC.
enum Samples {
    /// Clears a terminal, rings its bell and sets its title.
    static let rudeText = "a\u{1B}[2J\u{7}\r\u{7F}\u{9B}\u{1B}]0;b\u{8}\u{C}\\u001b"

    static let presentation = Presentation(
        now: at(0),
        utcOffset: { _ in 7200 }
    )

    /// Seconds after 12:05:13 UTC.
    static func at(_ seconds: Double) -> Timestamp {
        Timestamp(unixMicroseconds: 1_795_521_913_000_000 + Int64(seconds * 1e6))
    }

    static let next = NextAction(action: "start", at: at(18), inSeconds: 18)

    static let down = KernelStatus(
        name: "finance/var",
        group: "finance/var",
        state: .down,
        reasonID: "KSUP-R07",
        reason: "restart_loop",
        why: "3 starts in 41s ended with status 1.",
        next: next,
        since: at(-22.9),
        slots: [
            SlotStatus(
                name: "finance/var/0",
                state: .backoff,
                incarnation: 4,
                since: at(-0.1),
                restarts: 3,
                lastExit: "exited with status 1 after 0.8s"
            ),
            SlotStatus(
                name: "finance/var/1",
                state: .ready,
                pid: 8123,
                incarnation: 1,
                since: at(-90_000),
                device: "pocl: cpu-haswell",
                runningFor: 0.62
            ),
        ],
        calls: 500,
        failed: 5,
        refused: 412,
        restarts: 3
    )

    /// A kernel whose first breaker is open.
    static let broken: KernelStatus = {
        var kernel = down
        kernel.reasonID = "KSUP-R10"
        kernel.reason = "circuit_open"
        kernel.why = "its circuit breaker is open: calls are refused"
        kernel.next = NextAction(action: "trial", at: at(18), inSeconds: 18)
        kernel.resilience = ResilienceStatus(
            breakers: [
                BreakerStatus(
                    slot: "finance/var/0",
                    state: .open,
                    since: at(-22.9),
                    calls: 5,
                    failures: 4,
                    slow: 1,
                    successRate: 0.2,
                    consecutiveFailures: 3,
                    openings: 1,
                    retryAfter: 18
                ),
                BreakerStatus(slot: "finance/var/1", since: at(-90_000)),
            ],
            refusedByBreaker: 412,
            retriesLeft: 3,
            recovery: "spent restart_kernel 3/3; now notify_operator",
            alert: .raised
        )
        return kernel
    }()

    /// What the daemon answers to calls of these kernels.
    static let refusals: [String: (error: CallError, message: String)] = [
        "core/open": (.circuitOpen, "core/open refused the call: circuit open, a trial in 18s"),
        "core/circle": (.chainRefused, "the call of core/circle is refused: a → b is a circle"),
        "core/poison": (
            .poisoned,
            "calls of core/poison with this content have killed 2 workers; more of them are "
                + "refused for 18s"
        ),
    ]

    static let degraded = KernelStatus(
        name: "graph/pagerank",
        group: "graph/pagerank",
        state: .degraded,
        reasonID: "KSUP-R03",
        reason: "slot_missing",
        why: "1 of 2 slots; slot 1 hung and was killed",
        since: at(-2),
        slots: [
            SlotStatus(name: "graph/pagerank/0", state: .ready, incarnation: 1, since: at(-9)),
            SlotStatus(name: "graph/pagerank/1", state: .starting, incarnation: 2, since: at(-1)),
        ],
        calls: 41,
        restarts: 1
    )

    static func healthy(_ name: String, group: String? = nil) -> KernelStatus {
        let group = group ?? name
        return KernelStatus(
            name: name,
            group: group,
            state: .healthy,
            since: at(-100),
            slots: [SlotStatus(name: "\(group)/0", state: .ready, incarnation: 1, since: at(-100))],
            calls: 7
        )
    }

    static func sleeping(_ name: String) -> KernelStatus {
        var kernel = healthy(name)
        kernel.reasonID = "KSUP-R13"
        kernel.reason = "on_demand"
        kernel.why = "no worker runs; the next call starts one"
        kernel.slots[0].state = .stopped
        return kernel
    }

    static func status(_ state: ControlProtocol.HealthState, _ kernels: [KernelStatus]) -> Status {
        Status(
            version: "0.4.0",
            pid: 1,
            state: state,
            isReady: true,
            isDraining: false,
            startedAt: at(-273_600),
            uptime: 273_600,
            configuration: .init(
                path: "/etc/kernelsupd/kernelsupd.toml",
                loadedAt: at(-17_553),
                state: .inForce
            ),
            kernels: kernels,
            clients: 3,
            calls: .init(
                accepted: 548,
                ok: 542,
                failed: 5,
                refused: 412,
                retried: 1,
                inFlight: 1,
                queued: 0
            ),
            badInput: [:],
            sockets: .init(calls: "/run/kernelsupd/calls.sock", control: "/run/x")
        )
    }

    static let echo = Kernel(
        name: "core/echo",
        summary: "Gives back what it gets, times a factor.",
        group: "core",
        isIdempotent: true,
        arguments: [
            .init(
                name: "x",
                direction: .input,
                type: "f32",
                shape: ["n"],
                documentation: "Any numbers."
            ),
            .init(
                name: "factor",
                direction: .input,
                type: "f32",
                shape: [],
                defaultValue: "1",
                range: "-1000...1000",
                documentation: "Multiplies each number of x before it is given back to the caller."
            ),
            .init(name: "x", direction: .output, type: "f32", shape: ["n"]),
        ],
        state: .healthy
    )
}
