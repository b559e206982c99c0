internal import KernelManifest
internal import SupervisionWire
internal import WorkerKit

/// A kernel function as one launch of a manifest uses it, checked against that launch.
final class ManifestFunction {
    let kernel: ComputeKernel
    /// Work-items of a group at most.
    let maxGroupSize: Int

    /// - Throws: `StartFailure` naming what the function and its launch disagree on.
    init(
        _ kernel: consuming ComputeKernel,
        for launch: KernelManifest.Launch,
        in program: KernelManifest.Program,
        on device: ComputeDevice
    ) throws {
        let count = kernel.argumentCount
        guard count == launch.arguments.count else {
            throw StartFailure.configuration(
                "function '\(launch.function)' takes \(count) arguments, "
                    + "its launch in the manifest gives \(launch.arguments.count)"
            )
        }
        for (position, argument) in launch.arguments.enumerated() {
            try ManifestFunction.probe(kernel, position, argument, in: program, on: device)
        }
        maxGroupSize = try kernel.maxGroupSize(on: device.info)
        try ManifestFunction.checkGroup(launch, limit: maxGroupSize, on: device)
        self.kernel = kernel
    }

    /// Sets a parameter to something of the kind that calls will give: OpenCL says whether it fits.
    ///
    /// Better now than at the first call, when nobody watches.
    private static func probe(
        _ kernel: borrowing ComputeKernel,
        _ position: Int,
        _ argument: KernelManifest.Launch.Argument,
        in program: KernelManifest.Program,
        on device: ComputeDevice
    ) throws {
        let what: String
        do {
            switch argument {
            case .memory:
                what = "a buffer"
                let buffer = try device.scratch(byteCount: 8)
                try kernel.setArgument(position, to: buffer)
            case .local:
                what = "local memory"
                // Not the size of a pointer, with which it could be the null of a global one.
                try kernel.setArgument(position, toLocalBytes: 64)
            case .scalar, .number, .size, .plainSize:
                let bytes = [UInt8](repeating: 0, count: byteCount(of: argument, in: program))
                what = "a value of \(bytes.count) bytes"
                try bytes.withUnsafeBytes { try kernel.setArgument(position, toBytes: $0) }
            }
        } catch let error as OpenCLError {
            throw StartFailure.configuration(
                "function '\(kernel.name)' does not take \(what) as argument \(position), "
                    + "which its launch in the manifest gives: \(error)"
            )
        }
    }

    private static func byteCount(
        of argument: KernelManifest.Launch.Argument,
        in program: KernelManifest.Program
    ) -> Int {
        switch argument {
        case .scalar(let name): program.inputs.first { $0.name == name }?.type.size ?? 0
        case .number(let bytes): bytes.count
        case .size(_, let type): type.size
        case .plainSize: 4
        case .memory, .local: 0
        }
    }

    private static func checkGroup(
        _ launch: KernelManifest.Launch,
        limit: Int,
        on device: ComputeDevice
    ) throws {
        let constants = launch.local?.compactMap(\.constant) ?? []
        let items = constants.reduce(1) { Int64($0).multipliedClamped(by: $1) }
        guard items <= Int64(limit) else {
            throw StartFailure.configuration(
                "function '\(launch.function)' wants work-groups of \(items) items, "
                    + "\(device.info.name) takes \(limit)"
            )
        }
    }
}

extension Int64 {
    /// The product, or the largest number when it does not fit.
    func multipliedClamped(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
