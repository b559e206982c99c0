import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Synchronization
import Testing

@testable import WorkerKit
@testable import WorkerProcess

/// Everything that needs an OpenCL device, one test after the other: they share the machine's
/// cores, and a driver's first build is not worth doing on several threads at once.
@Suite(.serialized, .enabled(if: !OpenCLDevice.all().isEmpty, "no OpenCL device"))
struct OnDevice {
    /// Where the tests' programs are kept from one test to the next.
    private static let cacheDirectory = TemporaryDirectory()

    static func makeDevice(
        cache: String? = cacheDirectory.path,
        warn: @escaping (String) -> Void = { Issue.record("\($0)") }
    ) throws -> ComputeDevice {
        let info = try DeviceRequest().select(from: OpenCLDevice.all())
        return try ComputeDevice(
            info,
            cache: cache.map { ProgramCache(directory: $0) },
            warn: warn
        )
    }

    /// Runs a kernel as the worker does and gives its results by name.
    static func run(
        _ kernel: any Kernel,
        _ inputs: [InputTensor]
    ) throws -> [String: OutputTensor] {
        let call = KernelCall(kernel: kernel.signature.name, inputs: inputs)
        let outputs = try kernel.run(call).outputs
        let declared = kernel.signature.arguments.filter { $0.direction == .output }
        #expect(outputs.map(\.name) == declared.map(\.name))
        #expect(outputs.map(\.type) == declared.map(\.type))
        return Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0) })
    }

    /// The failure that a kernel answers with; nil when it has a result.
    static func failure(_ kernel: any Kernel, _ inputs: [InputTensor]) -> KernelFailure? {
        do throws(KernelFailure) {
            _ = try kernel.run(KernelCall(kernel: kernel.signature.name, inputs: inputs))
            return nil
        } catch {
            return error
        }
    }
}

/// A directory of a test's own, removed with all that is in it when the process ends.
///
/// Not earlier: a static one lives that long anyway, and one rule is enough.
struct TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/kernelsup-worker-tests.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("mkdtemp failed") }
        path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        _ = TemporaryDirectory.removal
        TemporaryDirectory.made.withLock { $0.append(path) }
    }

    private static let made = Mutex<[String]>([])

    private static let removal: Void = {
        atexit {
            for path in TemporaryDirectory.made.withLock({ $0 }) {
                // The name is of mkdtemp's letters: nothing in it means anything to a shell.
                _ = system("rm -rf -- '\(path)'")
            }
        }
    }()
}

extension InputTensor {
    static func vector<Element: TensorElement>(
        _ name: String,
        _ elements: [Element]
    ) throws -> InputTensor {
        try InputTensor(name: name, shape: [UInt64(elements.count)], elements: elements)
    }

    static func matrix<Element: TensorElement>(
        _ name: String,
        _ rows: Int,
        _ columns: Int,
        _ elements: [Element]
    ) throws -> InputTensor {
        try InputTensor(name: name, shape: [UInt64(rows), UInt64(columns)], elements: elements)
    }

    static func scalar<Element: TensorElement>(
        _ name: String,
        _ value: Element
    ) throws -> InputTensor {
        try InputTensor(name: name, shape: [], elements: [value])
    }
}

extension Dictionary where Key == String, Value == OutputTensor {
    /// The elements of a result, from the frame or from its shared memory.
    func elements<Element: TensorElement>(
        _ name: String,
        as type: Element.Type
    ) throws -> [Element] {
        let tensor = try #require(self[name])
        let count = tensor.shape.reduce(1) { $0 * Int($1) }
        switch tensor.storage {
        case .inline(let bytes):
            #expect(bytes.count == count * MemoryLayout<Element>.stride)
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: type)) }
        case .shared(let memory):
            let size = UInt64(count * MemoryLayout<Element>.stride)
            let mapping = try MemoryMapping.readOnly(memory.descriptor, offset: 0, byteCount: size)
            return Array(UnsafeRawBufferPointer(mapping.bytes).bindMemory(to: type))
        case .forwarded(let input):
            return Array(input.bytes.bindMemory(to: type))
        }
    }

    func scalar<Element: TensorElement>(_ name: String, as type: Element.Type) throws -> Element {
        #expect(self[name]?.shape == [])
        return try #require(try elements(name, as: type).first)
    }
}

/// Numbers that look random and are the same in each run.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
