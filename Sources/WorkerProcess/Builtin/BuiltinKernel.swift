internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// A kernel that is compiled into the worker: its declaration is there without a device.
protocol BuiltinKernel: Kernel {
    static var declaration: KernelSignature { get }

    /// Builds the programs and runs them once, on the known answer, so that the first call is warm.
    ///
    /// - Throws: `OpenCLError` when a program does not build; `KernelFailure` when the device
    ///   refuses the launch; `StartFailure` when the declaration cannot be read or the device
    ///   computes a wrong answer.
    init(on device: ComputeDevice) throws
}

extension BuiltinKernel {
    var signature: KernelSignature { Self.declaration }

    /// Runs the known answer before the worker is ready.
    ///
    /// The programs are known to be right: a wrong answer is the device's, and a worker that can't
    /// trust its device with one kernel offers none. What the device refuses is this kernel's
    /// trouble alone.
    func warmUp(on device: ComputeDevice) throws {
        switch knownAnswer?.mistake(of: self) {
        case nil: return
        case .failed(let failure)?: throw failure
        case .wrong(let difference)?:
            throw StartFailure.internalError(
                "\(device.info.name) can't be trusted: \(signature.name) gave a wrong answer to "
                    + "a known call: \(difference)"
            )
        }
    }
}

/// Stands in for a kernel whose program does not build: declared with the problem, never run.
final class BrokenKernel: Kernel {
    let signature: KernelSignature

    init(_ declaration: KernelSignature, problem: String) {
        var signature = declaration
        signature.problem = problem
        self.signature = signature
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        throw KernelFailure(.buildFailed, signature.problem)
    }
}
