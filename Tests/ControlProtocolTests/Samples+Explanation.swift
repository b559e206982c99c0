import ControlProtocol

extension Samples {
    static let explanation = Explanation(
        name: "finance/var",
        subject: .kernel,
        group: "finance/var",
        kernels: [down],
        state: .down,
        since: since,
        reasonID: "KSUP-R07",
        reason: "restart_loop",
        why: "worker 'finance/var/0' exited with status 1 and restarted too often",
        consequence: "calls are refused",
        limits: [.init(key: "recovery.max_restarts", value: "3", origin: "var.toml:8:1")],
        next: [
            .init(action: "start", text: "one trial start", at: time, inSeconds: 18),
            .init(action: "quarantine", text: "quarantine again"),
        ],
        advice: [
            .init(command: "kernelsupctl ack finance/var", purpose: "takes note of the alert")
        ],
        calls: Status.Calls(accepted: 500, failed: 5, refused: 412),
        countedSince: since,
        saidLast: [
            .init(
                slot: "finance/var/0",
                incarnation: 4,
                pid: 8123,
                total: 3,
                lines: [.init(at: time, stream: .stderr, text: "exiting", marks: [.unfinished])]
            )
        ],
        output: [
            .init(slot: "finance/var/0", written: 12, logged: 9, suppressed: 2, lost: 1)
        ],
        events: .init(
            from: since,
            dropped: 2,
            list: [
                .init(
                    first: since,
                    last: time,
                    count: 3,
                    kind: "worker_backoff",
                    text: "worker 'finance/var/0' exited with status 1"
                )
            ]
        )
    )
}
