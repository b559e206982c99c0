internal import KernelManifest
internal import SupervisionWire
internal import WorkerKit

/// A kernel that exists as a manifest and an OpenCL C file: docs/KERNELS.md.
///
/// Built when the worker starts; a call then only binds, launches and delivers. What the manifest
/// could say wrongly by itself was refused when it was read, so that what is checked here depends
/// on the device or on the sizes of a call.
final class ManifestKernel: Kernel {
    let signature: KernelSignature
    /// What `[check]` says.
    let knownAnswer: KnownAnswer?
    let program: KernelManifest.Program
    let device: ComputeDevice
    /// One function object a launch, so that each keeps its arguments from pass to pass.
    let functions: [ManifestFunction]
    private let binder: SignatureBinder
    private let built: Program
    /// The source's text until the built program was stored after its first call.
    private var unstoredSource: String?

    /// Builds the program from the text of its source file.
    ///
    /// - Throws: `OpenCLError` with the build log, or `StartFailure` when function and launch do
    ///   not fit, or the signature can't be bound.
    init(
        _ manifest: KernelManifest,
        program: KernelManifest.Program,
        source: String,
        on device: ComputeDevice
    ) throws {
        self.signature = manifest.signature
        self.knownAnswer = try program.check.map { try KnownAnswer($0) }
        self.program = program
        self.device = device
        self.binder = try SignatureBinder(manifest.signature)
        let built = try device.program(
            source: source,
            options: program.buildOptions,
            label: program.sourcePath
        )
        var functions: [ManifestFunction] = []
        for launch in program.launches {
            let function = try built.kernel(launch.function)
            functions.append(
                try ManifestFunction(function, for: launch, in: program, on: device)
            )
        }
        self.built = built
        self.functions = functions
        self.unstoredSource = source
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        var sizes = try ManifestSizes(binder.bind(call), kernel: signature.name)
        for size in program.sizes {
            try sizes.define(size)
        }
        for input in program.inputs where input.checks != .none {
            try ContentCheck(input, kernel: signature.name).check(call, sizes: sizes)
        }
        let run = ManifestRun(self, call, sizes)
        let result = KernelResult(outputs: try run.outputs())
        storeWarm()
        return result
    }

    /// After the first call the driver may have finished the program for its real work-groups.
    private func storeWarm() {
        guard let source = unstoredSource else { return }
        unstoredSource = nil
        do {
            try device.storeWarm(built, source: source, options: program.buildOptions)
        } catch {
            Console.warning("\(signature.name): the built program is not cached: \(error)")
        }
    }
}

extension KnownAnswer {
    init(_ check: KernelManifest.Check) throws(KernelFailure) {
        let inputs = try check.inputs.map { value throws(KernelFailure) in
            try InputTensor(
                name: value.name,
                type: value.type,
                shape: value.shape,
                bytes: value.bytes
            )
        }
        let outputs = check.outputs.map { value in
            Output(
                name: value.name,
                type: value.type,
                shape: value.shape,
                bytes: value.bytes,
                tolerance: check.tolerance
            )
        }
        self.init(inputs: inputs, outputs: outputs)
    }
}
