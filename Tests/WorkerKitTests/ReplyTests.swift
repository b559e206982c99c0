import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct ReplyTests {
    private static let welcome = WelcomeInfo(
        worker: "a/b/0",
        incarnation: 3,
        heartbeat: .seconds(1)
    )

    /// Whatever a kernel throws becomes a reply that can be read: a slip costs no worker.
    @Test(arguments: CallError.allCases, Execution.allCases)
    func `every failure that a kernel can throw becomes a reply`(
        error: CallError,
        execution: Execution
    ) throws {
        let failure = KernelFailure(error, "why", execution: execution)
        let reply = Reply(failure, to: 7, welcome: Self.welcome)
        let header = try FrameHeader(decoding: reply.bytes.span)
        let frame = try ReplyFrame(decoding: reply.bytes.span, header: header)
        #expect(frame.head.id == 7)
        #expect(frame.head.error == (error == .connectionLost ? .kernelFailed : error))
        #expect(frame.head.execution == (execution == .ran ? .ranAndFailed : execution))
        #expect(frame.head.message == "why")
    }
}
