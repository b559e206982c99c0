import ControlProtocol
import Testing

@testable import kernelsupctl

@Suite struct ExplanationRenderTests {
    private func text(_ explanation: Explanation) -> String {
        ExplanationText(explanation, Samples.presentation).text
    }

    @Test func `answers in a fixed order, within 80 columns`() {
        #expect(
            text(Samples.explanation) == """
                finance/var is down: calls are refused (KSUP-R07 restart_loop)
                why     Worker 'finance/var/0' exited with status 1 and restarted too often. In
                        force: recovery.max_restarts = 3 (kernels.d/var.toml:8:1),
                        recovery.window = "1min" (default).
                effect  500 calls, 5 failed, 412 refused, 2 retried since 13:05:13
                next    14:05:31 (in 18s)  one trial start
                        then               quarantine again if it fails, twice as long, up to
                                           recovery.max_quarantine
                do      kernelsupd --check --config /etc/kernelsupd/kernelsupd.toml
                          checks the files
                        kernelsupctl ack finance/var  takes note of the alert
                        man kernelsupd.reasons        has more on KSUP-R07
                said last (finance/var/0, incarnation 4, pid 8123, stderr, 2 of 7 lines)
                  14:05:12.871  opening device 0: pocl-cpu
                  14:05:12.902  build var.cl: error: use of undeclared identifier 'sigma2' in
                                the body of the kernel [unfinished]
                  1 more slot wrote something: kernelsupctl explain finance/var/1
                ladder  spent restart_kernel 3/3; skipped use_replica: no ready slot; now
                        notify_operator
                alert   not acknowledged
                breaker open since 14:04:50, trial 14:05:31 (in 18s), 5 of 5 last calls failed
                events  14:04:30 to now, older ones missing (2 dropped)
                  14:04:31  worker 'finance/var/0' exited with status 1 ×3 over 41s
                  14:04:50  breaker of finance/var in 'finance/var/0' opened: 5 faults in a row

                """
        )
    }

    @Test func `takes few lines for what is healthy`() {
        #expect(
            text(Samples.wellExplained) == """
                core/echo is healthy since 12:05:13: calls are served
                effect  7 calls, 0 failed, 0 refused, 0 retried since 12:03:33; 1 in flight, 0
                        queued now

                """
        )
    }

    @Test func `a healthy kernel with a past shows it`() {
        var explanation = Samples.wellExplained
        explanation.events.list = Samples.explanation.events.list
        #expect(text(explanation).contains("exited with status 1 ×3 over 41s\n"))
    }

    @Test func `a slot has its state and its last words, also when all is well`() {
        var explanation = Samples.wellExplained
        explanation.name = "core/echo/0"
        explanation.subject = .slot
        let lines = text(explanation).split(separator: "\n")
        #expect(lines.first?.hasPrefix("core/echo/0 is ready: core/echo is healthy since") == true)
        #expect(lines.contains { $0.hasPrefix("said last (finance/var/0, incarnation 4") })
    }

    @Test func `says so when nothing comes by itself and nothing was said`() {
        var explanation = Samples.explanation
        explanation.next = []
        explanation.saidLast = []
        #expect(text(explanation).contains("\nnext    nothing by itself\n"))
        #expect(
            text(explanation).contains("\nsaid    nothing: no worker of it has written a line\n")
        )
    }

    @Test func `tells the two outputs apart where there are both`() {
        var explanation = Samples.explanation
        explanation.saidLast[0].lines[0].stream = .stdout
        let output = text(explanation)
        #expect(output.contains("pid 8123, stderr and stdout, 2 of 7"))
        #expect(output.contains("14:05:12.871  stdout  opening device 0"))
        #expect(output.contains("14:05:12.902  stderr  build var.cl"))
    }

    @Test func `the last words of a worker that ended stand before its end and its successor's`() {
        var explanation = Samples.wellExplained
        explanation.events.list = Samples.explanation.events.list
        var former = Samples.explanation.saidLast[0]
        former.lines.removeLast()
        former.end = "exited with status 1"
        former.endedAt = Samples.at(-0.05)
        var next = former
        next.incarnation = 5
        next.pid = 8200
        next.total = 1
        next.lines = [.init(at: Samples.at(-0.01), stream: .stdout, text: "hello")]
        next.end = nil
        next.endedAt = nil
        explanation.saidLast = [former, next, Samples.explanation.saidLast[1]]
        #expect(
            text(explanation).contains(
                """
                said last (finance/var/0, incarnation 4, pid 8123, stderr, 1 of 7 lines)
                  14:05:12.871  opening device 0: pocl-cpu
                  14:05:12.950  * it exited with status 1
                said since (finance/var/0, incarnation 5, pid 8200, stdout, 1 of 1 line)
                  14:05:12.990  hello
                  1 more slot wrote something: kernelsupctl explain finance/var/1

                """
            ),
            "\(text(explanation))"
        )
    }

    @Test func `a name at the start of a sentence stays as it is`() {
        var explanation = Samples.explanation
        explanation.why = "clBuildProgram failed"
        #expect(text(explanation).contains("why     clBuildProgram failed. In force"))
    }
}
