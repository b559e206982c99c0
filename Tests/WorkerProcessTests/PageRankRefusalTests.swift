import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    /// What is wrong with a graph is said before a device sees it.
    @Suite struct PageRankRefusalTests {
        struct Case: CustomTestStringConvertible, Sendable {
            var offsets: [UInt32] = [0, 1, 2]
            var targets: [UInt32] = [1, 0]
            var damping: Float = 0.85
            var tolerance: Float = 1e-6
            var maxIterations: UInt32 = 100
            let message: String

            var testDescription: String { message }
        }

        static let cases: [Case] = [
            Case(
                offsets: [0, 2, 1, 2],
                message: "argument 'offsets' of graph/pagerank does not ascend: "
                    + "element 1 is 2, element 2 is 1"
            ),
            Case(
                offsets: [1, 2, 2],
                message: "argument 'offsets' of graph/pagerank starts with 1, it must start with 0"
            ),
            Case(
                offsets: [0, 1, 3],
                message: "argument 'offsets' of graph/pagerank ends with 3, "
                    + "but 'targets' has 2 elements"
            ),
            Case(
                targets: [1, 2],
                message: "argument 'targets' of graph/pagerank points outside: "
                    + "element 1 is 2, the graph has 2 nodes"
            ),
            Case(
                targets: [.max, 0],
                message: "argument 'targets' of graph/pagerank points outside: "
                    + "element 0 is 4294967295, the graph has 2 nodes"
            ),
            Case(
                offsets: [],
                targets: [],
                message: "argument 'offsets' of graph/pagerank has 0 elements in dimension 0, "
                    + "but n+1 is at least 1"
            ),
            Case(damping: .nan, message: "argument 'damping' is nan, allowed is 0..<1"),
            Case(damping: 1, message: "argument 'damping' is 1.0, allowed is 0..<1"),
            Case(damping: -0.5, message: "argument 'damping' is -0.5, allowed is 0..<1"),
            Case(tolerance: 0, message: "argument 'tolerance' is 0, it must be above 0"),
            Case(tolerance: .nan, message: "argument 'tolerance' is nan, allowed is 0...1"),
            Case(
                maxIterations: 0,
                message: "argument 'max_iterations' is 0, allowed is 1...100000"
            ),
        ]

        @Test(arguments: cases)
        func `refuses`(_ wrong: Case) throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let failure = OnDevice.failure(
                kernel,
                [
                    try .vector("offsets", wrong.offsets),
                    try .vector("targets", wrong.targets),
                    try .scalar("damping", wrong.damping),
                    try .scalar("tolerance", wrong.tolerance),
                    try .scalar("max_iterations", wrong.maxIterations),
                ]
            )
            #expect(failure == KernelFailure(.invalidArgument, wrong.message))
            #expect(failure?.execution == .notRun)
        }

        @Test func `refuses an argument that is missing or of another type`() throws {
            let kernel = try PageRank(on: OnDevice.makeDevice())
            let offsets = try InputTensor.vector("offsets", [0, 1] as [UInt32])
            let missing = OnDevice.failure(kernel, [offsets])
            #expect(missing?.error == .invalidArgument)
            let floats = try InputTensor.vector("targets", [0] as [Float])
            let mistyped = OnDevice.failure(kernel, [offsets, floats])
            #expect(
                mistyped?.message
                    == "argument 'targets' of graph/pagerank wants u32[e], got f32[1]"
            )
        }
    }
}
