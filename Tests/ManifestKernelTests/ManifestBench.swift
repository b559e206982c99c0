import KernelManifest
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit
@testable import WorkerProcess

/// Runs manifest kernels in this process, on the first OpenCL device.
enum ManifestBench {
    static let hasDevice = !OpenCLDevice.all().isEmpty

    static let examples: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/examples/kernels"
    }()

    static func device() throws -> ComputeDevice {
        try ComputeDevice(#require(OpenCLDevice.all().first))
    }

    /// One of examples/kernels.
    static func example(_ name: String) throws -> any Kernel {
        try ManifestLoader.load("\(examples)/\(name).toml", on: device())
    }

    /// A kernel from texts; the manifest's without [kernel], which is the same for all.
    static func kernel(_ manifest: String, source: String) throws -> ManifestKernel {
        let text = "[kernel]\nname = \"test/kernel\"\nsource = \"inline.cl\"\n\(manifest)"
        let diagnostics = Diagnostics()
        let reader = try TOMLDocument(parsing: text, path: "inline.toml")
            .reader(collecting: diagnostics)
        let read = ManifestReader.read(reader, directory: ".", checksFiles: false)
        reader.finish()
        try diagnostics.throwIfAny()
        let model = try #require(read)
        guard case .source(let program) = model.kind else {
            throw StartFailure.configuration("no program")
        }
        return try ManifestKernel(model, program: program, source: source, on: device())
    }

    static func run(
        _ kernel: any Kernel,
        _ inputs: [InputTensor]
    ) throws -> [String: OutputTensor] {
        let call = KernelCall(kernel: kernel.signature.name, inputs: inputs)
        let result = try kernel.run(call)
        return Dictionary(uniqueKeysWithValues: result.outputs.map { ($0.name, $0) })
    }

    /// What a call of the kernel fails with; nil when it does not.
    static func failure(_ kernel: any Kernel, _ inputs: [InputTensor]) -> KernelFailure? {
        do throws(KernelFailure) {
            _ = try kernel.run(KernelCall(kernel: kernel.signature.name, inputs: inputs))
            return nil
        } catch {
            return error
        }
    }

    static func array<Element: TensorElement>(
        _ name: String,
        _ elements: [Element],
        shape: [UInt64]? = nil
    ) throws -> InputTensor {
        try InputTensor(name: name, shape: shape ?? [UInt64(elements.count)], elements: elements)
    }

    static func scalar<Element: TensorElement>(
        _ name: String,
        _ value: Element
    ) throws -> InputTensor {
        try InputTensor(name: name, shape: [], elements: [value])
    }
}

extension OutputTensor {
    /// The elements, wherever they are.
    func elements<Element: TensorElement>(as _: Element.Type) throws -> [Element] {
        try #require(type == Element.elementType)
        switch storage {
        case .inline(let bytes):
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
        case .shared(let memory):
            let count = shape.reduce(UInt64(type.size), *)
            let mapping = try MemoryMapping.readOnly(memory.descriptor, offset: 0, byteCount: count)
            return Array(UnsafeRawBufferPointer(mapping.bytes).bindMemory(to: Element.self))
        case .forwarded(let input):
            return Array(input.bytes.bindMemory(to: Element.self))
        }
    }

    func scalar<Element: TensorElement>(as type: Element.Type) throws -> Element {
        let all = try elements(as: type)
        return try #require(all.first)
    }
}

extension [String: OutputTensor] {
    func elements<Element: TensorElement>(
        _ name: String,
        as type: Element.Type
    ) throws -> [Element] {
        let output = try #require(self[name])
        return try output.elements(as: type)
    }

    func scalar<Element: TensorElement>(_ name: String, as type: Element.Type) throws -> Element {
        let output = try #require(self[name])
        return try output.scalar(as: type)
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
