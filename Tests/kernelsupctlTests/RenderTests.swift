import ControlProtocol
import Testing

@testable import kernelsupctl

@Suite struct RenderTests {
    @Test func `shows the worst kernel first and folds the healthy ones`() {
        let kernels =
            (0..<10).map { Samples.healthy("linear/k\($0)") } + [Samples.degraded, Samples.down]
        let text = StatusText(
            status: Samples.status(.critical, kernels),
            presentation: Samples.presentation
        ).text
        #expect(
            text == """
                kernelsupd 0.4.0  critical  up 3d 4h  12 kernels: 10 healthy 1 degraded 1 down
                config /etc/kernelsupd/kernelsupd.toml of 09:12:40, in force
                  KERNEL         STATE    SLOTS CALLS FAILED RESTARTS WHY AND NEXT
                × finance/var    down       1/2   500      5        3 3 starts in 41s ended with
                                                                      status 1; start 14:05:31
                                                                      (in 18s)
                ! graph/pagerank degraded   1/2    41      0        1 1 of 2 slots; slot 1 hung
                                                                      and was killed
                ● 10 others      healthy  10/10    70      0        0
                calls 548 accepted: 542 ok, 5 failed, 1 in flight, 0 queued
                      412 refused, 1 retried; 3 clients

                """
        )
    }

    @Test func `shows few healthy kernels each, and counts the slot of a group once`() {
        let kernels = [
            Samples.healthy("core/add", group: "core"), Samples.healthy("core/sub", group: "core"),
        ]
        var status = Samples.status(.healthy, kernels)
        status.clients = 1
        status.badInput = ["unsealed_memfd": 1, "malformed_frame": 12]
        let text = StatusText(status: status, presentation: Samples.presentation).text
        #expect(
            text == """
                kernelsupd 0.4.0  healthy  up 3d 4h  2 kernels: 2 healthy
                config /etc/kernelsupd/kernelsupd.toml of 09:12:40, in force
                  KERNEL   STATE   SLOTS CALLS FAILED RESTARTS
                ● core/add healthy   1/1     7      0        0
                ● core/sub healthy   1/1     7      0        0
                calls 548 accepted: 542 ok, 5 failed, 1 in flight, 0 queued
                      412 refused, 1 retried; 1 client
                bad input: 12 malformed frame, 1 unsealed memfd

                """
        )
        let many = (0..<13).map { Samples.healthy("core/k\($0)", group: "core") }
        let folded = StatusText(
            status: Samples.status(.healthy, many),
            presentation: Samples.presentation
        ).text
        #expect(folded.contains("● all 13 healthy   1/1    91      0        0\n"))
    }

    @Test func `a healthy kernel without a worker says what starts one`() {
        let kernels = [Samples.healthy("core/add"), Samples.sleeping("core/lazy")]
        func lines(_ kernels: [KernelStatus]) -> [Substring] {
            StatusText(
                status: Samples.status(.healthy, kernels),
                presentation: Samples.presentation
            ).text.split(separator: "\n")
        }
        #expect(
            lines(kernels)[2...5].joined(separator: "\n") == """
                  KERNEL    STATE   SLOTS CALLS FAILED RESTARTS WHY AND NEXT
                ● core/add  healthy   1/1     7      0        0
                ● core/lazy healthy   0/1     7      0        0 no worker runs; the next call
                                                                starts one
                """
        )
        let many = (0..<12).map { Samples.healthy("core/k\($0)") } + kernels
        #expect(
            lines(many)[2...4].joined(separator: "\n") == """
                  KERNEL STATE   SLOTS CALLS FAILED RESTARTS WHY AND NEXT
                ● all 14 healthy 13/14    98      0        0 1 kernel without a worker until
                                                             called
                """
        )
    }

    @Test func `shows a refused reload with its errors, and a daemon that ends`() {
        var status = Samples.status(.unknown, [])
        status.configuration.state = .reloadRefused
        status.configuration.errors = ["kernels.d/var.toml:8:1: unknown key 'max_restart'"]
        status.isDraining = true
        let text = StatusText(status: status, presentation: Samples.presentation).text
        #expect(
            text == """
                kernelsupd 0.4.0  unknown  up 3d 4h  no kernels  draining
                reload refused: 1 error; the configuration of 09:12:40 goes on
                  kernels.d/var.toml:8:1: unknown key 'max_restart'
                calls 548 accepted: 542 ok, 5 failed, 1 in flight, 0 queued
                      412 refused, 1 retried; 3 clients

                """
        )
    }

    @Test func `shows one kernel with its slots`() {
        let text = KernelStatusText(kernel: Samples.down, presentation: Samples.presentation).text
        #expect(
            text == """
                finance/var is down since 14:04:50 (KSUP-R07 restart_loop)
                  why     3 starts in 41s ended with status 1.
                  next    start 14:05:31 (in 18s)
                  calls   500, 5 failed, 412 refused, 0 in flight, 0 queued
                  SLOT          STATE    PID RESTARTS SINCE            CALL FOR
                  finance/var/0 backoff    –        3 14:05:12         –
                    last worker: exited with status 1 after 0.8s
                  finance/var/1 ready   8123        0 2026-11-23 13:05 620ms
                    on pocl: cpu-haswell

                """
        )
    }

    @Test func `shows where a worker hangs that does not end`() {
        var kernel = Samples.down
        kernel.slots[1].state = .stuck
        kernel.slots[1].stuck = StuckProcess(
            program: "kernelsup-worker",
            state: "D",
            waitChannel: "nvidia_poll"
        )
        func stuck() -> String {
            let text = KernelStatusText(kernel: kernel, presentation: Samples.presentation).text
            let lines = text.split(separator: "\n")
            return lines.drop { !$0.hasPrefix("    stuck:") }.prefix(2).joined(separator: "\n")
        }
        #expect(
            stuck() == """
                    stuck: process 8123 (kernelsup-worker), in uninterruptible sleep (D) in
                      nvidia_poll, since 2026-11-23 13:05
                """
        )
        kernel.slots[1].stuck?.state = "I"
        kernel.slots[1].stuck?.waitChannel = nil
        #expect(stuck().contains("process 8123 (kernelsup-worker), in state I, since"))
        // It has ended, or the daemon is an older one.
        kernel.slots[1].stuck = nil
        #expect(stuck().contains("stuck: process 8123, since 2026-11-23 13:05"))
        kernel.slots[1].state = .ready
        #expect(stuck().isEmpty)
    }

    @Test func `writes health as a monitoring plugin does`() {
        let health = Health(
            status: .critical,
            components: [
                .init(
                    kernel: "finance/var",
                    state: .down,
                    reasonID: "KSUP-R07",
                    reason: "restart_loop",
                    since: Samples.at(-22.9),
                    next: Samples.next
                ),
                .init(
                    kernel: "graph/pagerank",
                    state: .degraded,
                    reasonID: "KSUP-R03",
                    reason: "slot_missing",
                    why: "1 of 2 slots; slot 1 hung, restarting.",
                    since: Samples.at(-2)
                ),
            ],
            totals: .init(healthy: 10, degraded: 1, down: 1)
        )
        let text = HealthText(health: health, presentation: Samples.presentation).text
        #expect(
            text == """
                CRITICAL: 1 of 12 kernels down, 1 degraded | down=1;;0 degraded=1;0 unknown=0;0
                KSUP-R07 finance/var      restart loop, next start 14:05:31 (in 18s)
                KSUP-R03 graph/pagerank   1 of 2 slots; slot 1 hung, restarting

                """
        )
    }

    @Test(arguments: [
        (HealthState.healthy, Health.Totals(healthy: 1), "OK: 1 kernel healthy", 0),
        (.degraded, .init(healthy: 2, degraded: 1), "WARNING: 1 of 3 kernels degraded", 1),
        (.critical, .init(down: 1), "CRITICAL: 1 of 1 kernel down", 2),
        (.unknown, .init(healthy: 1, unknown: 2), "UNKNOWN: 2 of 3 kernels unknown", 3),
        (.unknown, .init(), "UNKNOWN: no kernels", 3),
    ])
    func `says each state in the first line and in the exit status`(
        state: HealthState,
        totals: Health.Totals,
        line: String,
        status: Int32
    ) {
        let health = Health(status: state, components: [], totals: totals)
        let text = HealthText(health: health, presentation: Samples.presentation).text
        #expect(text.split(separator: " |").first.map(String.init) == line)
        #expect(exitStatus(of: state).rawValue == status)
    }

    @Test func `lists kernels with their signatures`() {
        var broken = Samples.echo
        broken.name = "my/broken"
        broken.summary = ""
        broken.arguments = []
        broken.state = .down
        broken.problem = "error: use of undeclared identifier"
        let text = KernelsText(
            kernels: [Samples.echo, broken],
            presentation: Samples.presentation
        ).text
        #expect(
            text == """
                ● core/echo  healthy
                    Gives back what it gets, times a factor.
                    x f32[n], factor f32 = 1 → x f32[n]
                × my/broken  down
                    can't be called: kernelsupctl kernels my/broken

                """
        )
    }

    @Test func `shows all of one signature`() {
        var kernel = Samples.echo
        kernel.problem = "var.cl:3:1: error: no\nvar.cl:4:1: error: nor this"
        let text = KernelText(kernel: kernel, presentation: Samples.presentation).text
        #expect(
            text == """
                core/echo  healthy  idempotent
                Gives back what it gets, times a factor.
                can't be called:
                  var.cl:3:1: error: no
                  var.cl:4:1: error: nor this
                inputs
                  x       f32[n]  required: Any numbers.
                  factor  f32     in -1000...1000, default 1: Multiplies each number of x before
                                  it is given back to the caller.
                outputs
                  x  f32[n]
                call it with
                  kernelsupctl call core/echo x=@FILE

                """
        )
    }

    @Test func `does not give a call without arguments for one whose signature is not known`() {
        let kernel = Kernel(
            name: "core/lazy",
            summary: "",
            group: "core/lazy",
            isIdempotent: false,
            arguments: [],
            state: .healthy
        )
        #expect(
            KernelText(kernel: kernel, presentation: Samples.presentation).text == """
                core/lazy  healthy  not idempotent
                its arguments are known when its first worker is ready

                """
        )
    }

    @Test func `colours the state and nothing else`() {
        var presentation = Samples.presentation
        presentation.isColored = true
        let text = KernelStatusText(kernel: Samples.degraded, presentation: presentation).text
        #expect(
            text.hasPrefix("graph/pagerank is \u{1B}[33mdegraded\u{1B}[0m since 14:05:11 (KSUP-R03")
        )
        #expect(text.count { $0 == "\u{1B}" } == 2)
    }

    @Test(arguments: [
        (Duration.milliseconds(0), "0ms"), (.milliseconds(999), "999ms"), (.seconds(1), "1s"),
        (.milliseconds(1650), "1.6s"), (.seconds(18), "18s"), (.seconds(61), "1min 1s"),
        (.seconds(3600), "1h"), (.seconds(273_600), "3d 4h"), (.seconds(86_460), "1d"),
    ])
    func `writes spans in two units`(span: Duration, text: String) {
        #expect(spanText(span) == text)
    }

    @Test(arguments: [
        ("staus", ["status"]), ("kernel", ["kernels"]), ("pagernak", ["graph/pagerank"]),
        ("graph/pagerank2", ["graph/pagerank"]), ("xyzzy", []), ("HEALTH", ["health"]),
        ("", []),
    ])
    func `suggests near names`(word: String, expected: [String]) {
        let names = ["status", "health", "kernels", "graph/pagerank", "core/vector-add"]
        #expect(nearestNames(to: word, among: names) == expected)
    }

    @Test func `who stands in is no slot of the kernel's own`() {
        var kernel = Samples.healthy("core/add")
        var standIn = kernel.slots[0]
        standIn.name = "core/add~backup/0"
        standIn.role = .backup
        kernel.slots.append(standIn)
        standIn.name = "core/add~degraded/0"
        standIn.role = .degraded
        kernel.slots.append(standIn)
        let text = StatusText(
            status: Samples.status(.healthy, [kernel]),
            presentation: Samples.presentation
        ).text
        #expect(text.contains("● core/add healthy   1/1 "), "\(text)")
    }

    @Test(arguments: [
        ("/run/k", "/run/k"), ("/run/a b", "'/run/a b'"), ("", "''"), ("it's", "'it'\\''s'"),
        ("$HOME", "'$HOME'"),
    ])
    func `a directory in a command is one word`(directory: String, word: String) {
        var presentation = Samples.presentation
        presentation.socketDirectory = directory
        #expect(
            presentation.command("kernelsupctl status") == "kernelsupctl status --socket-directory "
                + word
        )
        #expect(presentation.command("man kernelsupd.reasons") == "man kernelsupd.reasons")
    }
}
