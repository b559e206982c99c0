internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// A kernel that is compiled into the worker: its declaration is there without a device.
protocol BuiltinKernel: Kernel {
    static var declaration: KernelSignature { get }

    /// Builds the programs and runs them once on something tiny, so that the first call is warm.
    ///
    /// - Throws: `OpenCLError` when a program does not build or the device refuses the first
    ///   launch; `StartFailure` when the declaration cannot be read.
    init(on device: ComputeDevice) throws
}

extension BuiltinKernel {
    var signature: KernelSignature { Self.declaration }
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
