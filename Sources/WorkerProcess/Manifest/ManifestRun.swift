internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// Owns a buffer that several names or launches refer to.
final class DeviceMemory {
    let buffer: DeviceBuffer

    init(_ buffer: consuming DeviceBuffer) {
        self.buffer = buffer
    }
}

/// One call of a manifest kernel: its memory and its results.
///
/// The launches are in `ManifestRun+Launches.swift`.
final class ManifestRun {
    let kernel: ManifestKernel
    let call: KernelCall
    var sizes: ManifestSizes
    /// What each input with dimensions, output and buffer is at this moment: swaps exchange it.
    var memory: [String: DeviceMemory] = [:]
    /// Passes of the repeated launches.
    var passes = 0
    var pacer = LaunchPacer()

    private struct Target {
        let output: KernelManifest.Output
        let initial: KernelManifest.Initial
        let bytes: UnsafeMutableRawBufferPointer
    }

    init(_ kernel: ManifestKernel, _ call: KernelCall, _ sizes: ManifestSizes) {
        self.kernel = kernel
        self.call = call
        self.sizes = sizes
    }

    var program: KernelManifest.Program { kernel.program }
    var device: ComputeDevice { kernel.device }

    /// Runs everything and gives the outputs in the manifest's order.
    func outputs() throws(KernelFailure) -> [OutputTensor] {
        var results = try written(from: 0, into: [])
        sizes.set(KernelManifest.ReservedSize.passes, to: passes)
        return try program.outputs.map { output throws(KernelFailure) in
            guard case .computed(let expression) = output.content else {
                return results.removeFirst()
            }
            return try computed(output, expression)
        }
    }

    /// Opens the memory of every written output, one inside the other, and runs the launches in
    /// the innermost place, where all of it is there to be written without a copy.
    private func written(
        from index: Int,
        into targets: [Target]
    ) throws(KernelFailure) -> [OutputTensor] {
        guard index < program.outputs.count else {
            try serve(targets)
            return []
        }
        let output = program.outputs[index]
        guard case .written(let initial) = output.content else {
            return try written(from: index + 1, into: targets)
        }
        let form = try sizes.form(output.shape, of: output.type, name: output.name)
        var rest: [OutputTensor] = []
        let tensor = try OutputTensor.allocate(
            name: output.name,
            type: output.type,
            shape: form.shape
        ) { bytes throws(KernelFailure) in
            let target = Target(output: output, initial: initial, bytes: bytes)
            rest = try written(from: index + 1, into: targets + [target])
        }
        return [tensor] + rest
    }

    private func computed(
        _ output: KernelManifest.Output,
        _ expression: SizeExpression
    ) throws(KernelFailure) -> OutputTensor {
        let value = try sizes.evaluate(expression, what: "output '\(output.name)'")
        guard let bytes = LaunchBytes.integer(value, as: output.type) else {
            throw KernelFailure(
                .kernelFailed,
                "output '\(output.name)' of \(call.kernel) is \(value), no \(output.type.name)"
            )
        }
        return OutputTensor(name: output.name, type: output.type, shape: [], bytes: bytes)
    }

    // MARK: On the device

    private func serve(_ targets: [Target]) throws(KernelFailure) {
        defer { memory = [:] }
        try device.serve(call) {
            try openInputs()
            try openOutputs(targets)
            try openBuffers()
            try launchAll()
            for target in targets {
                guard let source = memory[target.output.name] else { continue }
                try device.queue.deliver(source.buffer, into: target.bytes)
            }
        }
    }

    private func openInputs() throws {
        for input in program.inputs where !input.shape.isEmpty {
            guard let tensor = call.input(input.name) else { continue }
            memory[input.name] = DeviceMemory(try device.input(tensor.bytes))
        }
    }

    private func openOutputs(_ targets: [Target]) throws {
        let swapped = Set(program.repetition?.swaps.flatMap { [$0.first, $0.second] } ?? [])
        for target in targets {
            let name = target.output.name
            // A swapped output may end in another one's memory: delivered by a copy, from memory
            // that no delivery overwrites.
            let opened = DeviceMemory(
                swapped.contains(name)
                    ? try device.scratch(byteCount: target.bytes.count)
                    : try device.output(over: target.bytes)
            )
            memory[name] = opened
            try fill(opened, target.initial, byteCount: target.bytes.count)
        }
    }

    private func openBuffers() throws {
        for buffer in program.buffers {
            let form = try sizes.form(buffer.shape, of: buffer.type, name: buffer.name)
            let opened = DeviceMemory(try device.scratch(byteCount: form.byteCount))
            memory[buffer.name] = opened
            try fill(opened, buffer.initial, byteCount: form.byteCount)
        }
    }

    func fill(
        _ target: DeviceMemory,
        _ initial: KernelManifest.Initial,
        byteCount: Int
    ) throws {
        switch initial {
        case .undefined:
            return
        case .copy(let name):
            guard let source = memory[name] else { return }
            try device.queue.copy(source.buffer, to: target.buffer, byteCount: byteCount)
        case .filled(let bytes):
            // The memory of outputs begins as zeros.
            guard target.buffer.hostMemory == nil || bytes.contains(where: { $0 != 0 }) else {
                return
            }
            try fill(target, with: bytes, byteCount: byteCount)
        }
    }

    private func fill(_ target: DeviceMemory, with bytes: [UInt8], byteCount: Int) throws {
        var pattern: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            pattern |= UInt64(byte) << UInt64(8 * index)
        }
        switch bytes.count {
        case 1:
            let pattern = UInt8(truncatingIfNeeded: pattern)
            try device.queue.fill(target.buffer, with: pattern, byteCount: byteCount)
        case 2:
            let pattern = UInt16(truncatingIfNeeded: pattern)
            try device.queue.fill(target.buffer, with: pattern, byteCount: byteCount)
        case 4:
            let pattern = UInt32(truncatingIfNeeded: pattern)
            try device.queue.fill(target.buffer, with: pattern, byteCount: byteCount)
        default:
            try device.queue.fill(target.buffer, with: pattern, byteCount: byteCount)
        }
    }
}
