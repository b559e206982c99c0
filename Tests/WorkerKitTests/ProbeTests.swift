import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct `A probe` {
    private typealias Incoming = WorkerUnderTest.Incoming

    /// A worker that has answered a call, and so waits for the next one.
    private func idleWorker(_ arguments: [String] = []) throws -> WorkerUnderTest {
        let worker = try WorkerUnderTest.ready(arguments)
        try worker.call("fault/echo")
        _ = try worker.reply()
        return worker
    }

    private func makeAnswer(
        _ number: UInt64,
        _ status: WorkerFrame.Probed.Status,
        _ message: String = ""
    ) -> Incoming {
        .frame(.probed(.init(number: number, status: status, message: message)))
    }

    @Test func `of an idle worker is answered by its kernels, and calls go on`() throws {
        let worker = try idleWorker()
        #expect(try worker.probe(1) == makeAnswer(1, .ok))
        #expect(try worker.probe(2, "fault/echo") == makeAnswer(2, .ok))
        try worker.call("fault/echo", id: 2)
        #expect(try worker.reply().head.error == nil)
        #expect(try worker.probe(3) == makeAnswer(3, .ok))
    }

    @Test func `of a kernel that is not served fails`() throws {
        let worker = try idleWorker()
        #expect(
            try worker.probe(4, "fault/no")
                == makeAnswer(4, .failed, "this worker serves no kernel 'fault/no'")
        )
    }

    @Test func `of a worker that fails says so`() throws {
        let worker = try idleWorker(["--probe", "failed"])
        #expect(
            try worker.probe(5, "fault/echo") == makeAnswer(5, .failed, "broken, as asked")
        )
    }

    @Test func `that comes while a kernel runs is answered busy at once`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-kernel", id: 1)
        #expect(try worker.probe(6) == makeAnswer(6, .busy))
        #expect(try worker.probe(7, "fault/echo") == makeAnswer(7, .busy))
    }

    @Test func `that comes while the kernels are made is answered busy`() throws {
        let worker = try WorkerUnderTest(["--slow-start", "600000"])
        #expect(try worker.receive() == .frame(.hello(.init(concurrency: 1, hasLifeline: true))))
        try worker.welcome()
        #expect(try worker.probe(8) == makeAnswer(8, .busy))
    }
}

/// A kernel that says of itself what it is told to.
private final class StatedKernel: Kernel {
    let signature: KernelSignature
    private let result: ProbeResult

    init(_ name: String, _ result: ProbeResult, problem: String = "") {
        signature = KernelSignature(
            name: name,
            summary: "",
            isIdempotent: true,
            arguments: [],
            problem: problem
        )
        self.result = result
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult { KernelResult(outputs: []) }

    func check() -> ProbeResult { result }
}

/// Answers 1, whatever is expected of it.
private final class ConstantKernel: Kernel {
    let signature = KernelSignature(
        name: "a/constant",
        summary: "",
        isIdempotent: true,
        arguments: []
    )
    let knownAnswer: KnownAnswer?

    init(expecting element: Float) {
        knownAnswer = KnownAnswer(
            inputs: [],
            outputs: [.init(name: "y", shape: [1], elements: [element])]
        )
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        KernelResult(outputs: [OutputTensor(name: "y", shape: [1], elements: [1] as [Float])])
    }
}

@Suite struct `The health of a worker` {
    private func result(of kernels: [StatedKernel], for name: String = "") -> ProbeResult {
        HealthCheck(kernels.map { (signature: $0.signature, kernel: $0) }).result(for: name)
    }

    @Test func `is good when every kernel that can be called is`() {
        let broken = StatedKernel("a/broken", .failed("not asked"), problem: "no such function")
        #expect(result(of: [StatedKernel("a/one", .ok), StatedKernel("a/two", .busy)]) == .ok)
        #expect(result(of: [StatedKernel("a/one", .ok), broken]) == .ok)
    }

    @Test func `is degraded, with names, when some kernels are not well`() {
        let kernels = [
            StatedKernel("a/one", .failed("lost")), StatedKernel("a/two", .ok),
            StatedKernel("a/three", .degraded("slow")),
        ]
        #expect(result(of: kernels) == .degraded("a/one: lost; a/three: slow"))
        #expect(result(of: [kernels[2]]) == .degraded("a/three: slow"))
    }

    @Test func `is failed when no kernel would serve`() {
        let broken = StatedKernel("a/broken", .ok, problem: "no such function")
        let kernels = [
            StatedKernel("a/one", .failed("lost")), StatedKernel("a/two", .failed("hot")),
        ]
        #expect(result(of: kernels + [broken]) == .failed("a/one: lost; a/two: hot"))
    }

    // The daemon knows it from READY, and another process would have the same program.
    @Test func `is good when nothing can be called at all`() {
        let broken = StatedKernel("a/broken", .ok, problem: "no such function")
        #expect(result(of: [broken]) == .ok)
        #expect(result(of: [broken], for: "a/broken") == .failed("no such function"))
    }

    @Test func `is failed when one kernel of many does not give its known answer`() {
        let kernels: [any Kernel] = [StatedKernel("a/one", .ok), ConstantKernel(expecting: 2)]
        let health = HealthCheck(kernels.map { (signature: $0.signature, kernel: $0) })
        let mistake = ProbeResult.failed(
            "a/constant: wrong answer to a known call: element 0 of 'y' is 1.0, expected 2.0"
        )
        #expect(health.result(for: "") == mistake)
        #expect(health.result(for: "a/constant") == mistake)
        #expect(health.result(for: "a/one") == .ok)
    }

    @Test func `of one kernel is what it says, or its problem`() {
        let kernels = [
            StatedKernel("a/one", .degraded("slow")),
            StatedKernel("a/broken", .ok, problem: "no such function"),
        ]
        #expect(result(of: kernels, for: "a/one") == .degraded("slow"))
        #expect(result(of: kernels, for: "a/broken") == .failed("no such function"))
        #expect(result(of: kernels, for: "a/no") == .failed("this worker serves no kernel 'a/no'"))
    }
}
