import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit
@testable import WorkerProcess

extension OnDevice {
    /// Each built-in kernel against the answer that it is probed with.
    @Suite struct KnownAnswerTests {
        private static var onDevice: [any BuiltinKernel.Type] {
            BuiltinCatalog.all.filter { $0 != Echo.self }
        }

        @Test func `every built-in kernel of the device gives its known answer`() throws {
            let device = try OnDevice.makeDevice()
            for type in Self.onDevice {
                let kernel = try type.init(on: device)
                let answer = try #require(kernel.knownAnswer, "\(type)")
                #expect(answer.mistake(of: kernel) == nil)
            }
        }

        /// The lowest bit of the exponent: the smallest of the errors that no tolerance may hide.
        @Test func `a wrong element is found in each output`() throws {
            let device = try OnDevice.makeDevice()
            for type in Self.onDevice {
                let kernel = try type.init(on: device)
                let answer = try #require(kernel.knownAnswer, "\(type)")
                for index in answer.outputs.indices {
                    var changed = answer
                    let size = answer.outputs[index].type.size
                    changed.outputs[index].bytes[size - 2] ^= 0x80
                    let mistake = changed.mistake(of: kernel)
                    #expect(mistake?.text.contains("'\(answer.outputs[index].name)'") == true)
                }
            }
        }

        @Test func `a device that computes a wrong answer at the start serves nothing`() throws {
            let device = try OnDevice.makeDevice()
            let error = #expect(throws: StartFailure.self) { try WrongKernel(on: device) }
            #expect(error?.exitCode == WorkerExit.internalError)
            let message = try #require(error?.message)
            #expect(message.hasSuffix("element 0 of 'y' is 3, expected 2"))
            #expect(message.contains("can't be trusted: test/wrong"))
        }

        @Test func `what the device refuses is told with the code's name`() throws {
            let device = try OnDevice.makeDevice()
            let error = #expect(throws: KernelFailure.self) {
                try WrongKernel(on: device, error: OpenCLError("clFinish", code: -5))
            }
            #expect(error?.message.contains("CL_OUT_OF_RESOURCES") == true)
        }
    }
}

/// Answers 3 where 2 is known, or what the device says.
private final class WrongKernel: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "test/wrong",
        summary: "",
        isIdempotent: true,
        arguments: []
    )

    let knownAnswer: KnownAnswer?
    private let error: OpenCLError?

    convenience init(on device: ComputeDevice) throws {
        try self.init(on: device, error: nil)
    }

    init(on device: ComputeDevice, error: OpenCLError?) throws {
        self.error = error
        knownAnswer = KnownAnswer(
            inputs: [],
            outputs: [.init(name: "y", shape: [], elements: [2] as [Int32])]
        )
        try warmUp(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        if let error { throw KernelFailure(error) }
        return KernelResult(outputs: [OutputTensor(name: "y", scalar: Int32(3))])
    }
}
