import ControlProtocol

@testable import kernelsupctl

extension Samples {
    static let explanation: Explanation = {
        var kernel = down
        kernel.resilience = ResilienceStatus(
            breakers: [
                BreakerStatus(
                    slot: "finance/var/0",
                    state: .open,
                    since: at(-22.9),
                    calls: 5,
                    failures: 5,
                    openings: 1,
                    retryAfter: 18
                )
            ],
            recovery:
                "spent restart_kernel 3/3; skipped use_replica: no ready slot; now notify_operator",
            alert: .raised
        )
        return Explanation(
            name: "finance/var",
            subject: .kernel,
            group: "finance/var",
            kernels: [kernel],
            state: .down,
            since: at(-22.9),
            reasonID: "KSUP-R07",
            reason: "restart_loop",
            why: "worker 'finance/var/0' exited with status 1 and restarted too often",
            consequence: "calls are refused",
            limits: [
                .init(key: "recovery.max_restarts", value: "3", origin: "kernels.d/var.toml:8:1"),
                .init(key: "recovery.window", value: #""1min""#, origin: "default"),
            ],
            next: [
                .init(action: "start", text: "one trial start", at: at(18), inSeconds: 18),
                .init(
                    action: "quarantine",
                    text: "quarantine again if it fails, twice as long, up to "
                        + "recovery.max_quarantine"
                ),
            ],
            advice: [
                .init(
                    command: "kernelsupd --check --config /etc/kernelsupd/kernelsupd.toml",
                    purpose: "checks the files"
                ),
                .init(command: "kernelsupctl ack finance/var", purpose: "takes note of the alert"),
                .init(command: "man kernelsupd.reasons", purpose: "has more on KSUP-R07"),
            ],
            calls: Status.Calls(accepted: 500, failed: 5, refused: 412, retried: 2),
            countedSince: at(-3600),
            saidLast: [
                .init(
                    slot: "finance/var/0",
                    incarnation: 4,
                    pid: 8123,
                    total: 7,
                    lines: [
                        .init(at: at(-0.129), stream: .stderr, text: "opening device 0: pocl-cpu"),
                        .init(
                            at: at(-0.098),
                            stream: .stderr,
                            text: "build var.cl: error: use of undeclared identifier 'sigma2' in "
                                + "the body of the kernel",
                            marks: [.unfinished]
                        ),
                    ]
                ),
                .init(slot: "finance/var/1", incarnation: 1, pid: 8000, total: 1, lines: []),
            ],
            output: [
                .init(slot: "finance/var/0", written: 12, logged: 12, suppressed: 0, lost: 0)
            ],
            events: .init(
                from: at(-43),
                dropped: 2,
                list: [
                    .init(
                        first: at(-42),
                        last: at(-1),
                        count: 3,
                        kind: "worker_backoff",
                        text: "worker 'finance/var/0' exited with status 1"
                    ),
                    .init(
                        first: at(-23),
                        last: at(-23),
                        kind: "breaker_opened",
                        text: "breaker of finance/var in 'finance/var/0' opened: 5 faults in a row"
                    ),
                ]
            )
        )
    }()

    /// Nothing is wrong, and nothing was.
    static let wellExplained: Explanation = {
        let kernel = healthy("core/echo")
        return Explanation(
            name: "core/echo",
            subject: .kernel,
            group: "core/echo",
            kernels: [kernel],
            state: .healthy,
            since: at(-7200),
            consequence: "calls are served",
            calls: Status.Calls(accepted: 7, ok: 6, inFlight: 1),
            countedSince: at(-7300),
            saidLast: explanation.saidLast,
            events: .init(
                from: at(-7300),
                list: [
                    .init(
                        first: at(-7200),
                        last: at(-7200),
                        kind: "worker_ready",
                        text: "worker 'core/echo/0' is ready"
                    )
                ]
            )
        )
    }()
}
