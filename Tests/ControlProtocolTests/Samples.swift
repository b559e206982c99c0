import ControlProtocol

/// Values with something in every field.
enum Samples {
    static let time = Timestamp(unixMicroseconds: 1_795_529_131_000_000)
    static let since = Timestamp(unixMicroseconds: 1_795_529_090_118_204)

    static let next = NextAction(action: "start", at: time, inSeconds: 18)

    static let stuck = StuckProcess(program: "worker", state: "D", waitChannel: "nvidia_poll")

    static let down = KernelStatus(
        name: "finance/var",
        group: "finance/var",
        state: .down,
        reasonID: "KSUP-R07",
        reason: "restart_loop",
        why: "3 starts in 41 s exited with status 1.",
        next: next,
        since: since,
        slots: [
            SlotStatus(
                name: "finance/var/0",
                state: .backoff,
                pid: 8123,
                incarnation: 4,
                since: since,
                restarts: 3,
                lastExit: "exited with status 1",
                device: "pocl-cpu",
                runningFor: 0.5,
                probe: .unhealthy,
                probeWhy: "no answer in 1 s",
                stuck: stuck
            )
        ],
        calls: 500,
        failed: 5,
        refused: 412,
        inFlight: 1,
        queued: 2,
        restarts: 3,
        resilience: resilience
    )

    static let resilience = ResilienceStatus(
        breakers: [
            BreakerStatus(
                slot: "finance/var/0",
                state: .open,
                since: since,
                override: .observe,
                calls: 5,
                failures: 4,
                slow: 1,
                successRate: 0.2,
                consecutiveFailures: 3,
                trials: 1,
                wouldHaveRefused: 2,
                openings: 1,
                retryAfter: 18
            )
        ],
        refusedByBreaker: 412,
        retriesLeft: 3,
        recovery: "spent restart_kernel 3/3; now notify_operator",
        alert: .raised
    )

    static let acknowledgement = Acknowledgement(
        group: "finance",
        acknowledged: true,
        alert: .acknowledged,
        recovery: resilience.recovery
    )

    static let healthy = KernelStatus(
        name: "core/echo",
        group: "core",
        state: .healthy,
        since: since,
        slots: [SlotStatus(name: "core/0", state: .ready, incarnation: 1, since: since)]
    )

    static let status = Status(
        version: "0.1.0",
        pid: 4711,
        state: .critical,
        isReady: true,
        isDraining: false,
        startedAt: since,
        uptime: 273_600.5,
        configuration: .init(
            path: "/etc/kernelsupd/kernelsupd.toml",
            loadedAt: since,
            state: .reloadRefused,
            errors: ["kernels.d/var.toml:8:1: unknown key"]
        ),
        kernels: [down, healthy],
        clients: 3,
        calls: .init(
            accepted: 10,
            ok: 7,
            failed: 2,
            refused: 4,
            retried: 1,
            inFlight: 1,
            queued: 2
        ),
        badInput: ["malformed_frame": 2],
        sockets: .init(
            calls: "/run/kernelsupd/calls.sock",
            control: "/run/kernelsupd/control.sock"
        )
    )

    static let health = Health(
        status: .critical,
        components: [
            .init(
                kernel: "finance/var",
                state: .down,
                reasonID: "KSUP-R07",
                reason: "restart_loop",
                since: since,
                next: next
            )
        ],
        totals: .init(healthy: 10, degraded: 1, down: 1)
    )

    static let kernels = [
        Kernel(
            name: "core/echo",
            summary: "Gives back what it gets.",
            group: "core",
            isIdempotent: true,
            problem: nil,
            arguments: [
                .init(
                    name: "x",
                    direction: .input,
                    type: "f32",
                    shape: ["n"],
                    defaultValue: nil,
                    range: "0..<1",
                    documentation: "Anything."
                )
            ],
            state: .healthy
        )
    ]
}

struct FakeProvider: ControlProvider {
    func status() -> Status { Samples.status }

    func health(component: String?) -> Result<Health, NoSuchComponent> {
        guard let component, component != "finance/var" else { return .success(Samples.health) }
        return .failure(NoSuchComponent(name: component, nearest: ["finance/var"]))
    }

    func kernels() -> [Kernel] { Samples.kernels }

    func explanation(of component: String) -> Result<Explanation, NoSuchComponent> {
        guard component == "finance/var" else {
            return .failure(NoSuchComponent(name: component, nearest: ["finance/var"]))
        }
        return .success(Samples.explanation)
    }

    var mayChange = true

    /// Answers with the word that was set.
    func setBreaker(
        kernel: String,
        to override: BreakerStatus.Override?
    ) -> Result<KernelStatus, NoSuchComponent> {
        guard kernel == "finance/var" else {
            return .failure(NoSuchComponent(name: kernel, nearest: ["finance/var"]))
        }
        var status = Samples.down
        status.resilience.breakers[0].override = override ?? .none
        return .success(status)
    }

    func acknowledge(component: String) -> Result<Acknowledgement, NoSuchComponent> {
        guard component == "finance" else {
            return .failure(NoSuchComponent(name: component, nearest: ["finance/var"]))
        }
        return .success(Samples.acknowledgement)
    }
}

/// The reply to one request as text, without its NUL; nil when there is none.
func reply(to request: String, mayChange: Bool = true) -> String? {
    let bytes = ControlDispatcher.dispatch(
        Array(request.utf8),
        provider: FakeProvider(mayChange: mayChange),
        version: "0.1.0"
    )
    guard let bytes, bytes.last == 0 else { return nil }
    return String(decoding: bytes.dropLast(), as: UTF8.self)
}
