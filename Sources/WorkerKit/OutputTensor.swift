internal import LinuxSystem
internal import SupervisionKit
public import SupervisionWire

/// One result of a call, and where its bytes are.
public struct OutputTensor {
    public let name: String
    public let type: ElementType
    /// Outermost first, row-major; empty for a scalar.
    public let shape: [UInt64]

    enum Storage {
        /// Copied into the reply's frame.
        case inline([UInt8])
        /// Written and sealed; its descriptor travels with the reply.
        case shared(SealedMemory)
        /// An argument that goes back as it came, without a copy where it came as a memfd.
        case forwarded(InputTensor)
    }

    var storage: Storage

    private init(name: String, type: ElementType, shape: [UInt64], storage: Storage) {
        self.name = name
        self.type = type
        self.shape = shape
        self.storage = storage
    }

    /// Small results, already in bytes: little-endian, row-major, as many as the shape says.
    public init(name: String, type: ElementType, shape: [UInt64], bytes: [UInt8]) {
        self.init(name: name, type: type, shape: shape, storage: .inline(bytes))
    }

    /// Small results from Swift numbers, as many as the shape says.
    public init<Element: TensorElement>(name: String, shape: [UInt64], elements: [Element]) {
        self.init(
            name: name,
            type: Element.elementType,
            shape: shape,
            bytes: elements.withUnsafeBytes { Array($0) }
        )
    }

    /// One number.
    public init<Element: TensorElement>(name: String, scalar: Element) {
        self.init(name: name, shape: [], elements: [scalar])
    }

    /// Gives an argument back as it came.
    public init(name: String, forwarding input: InputTensor) {
        self.init(name: name, type: input.type, shape: input.shape, storage: .forwarded(input))
    }

    /// Room for a result, to be filled in place: in the frame when it is small, else in shared
    /// memory that the caller will map, so that large results are never copied.
    ///
    /// - Parameters:
    ///   - name: the output's name.
    ///   - type: of its elements.
    ///   - shape: outermost first; empty for a scalar.
    ///   - fill: gets exactly the tensor's bytes, zeroed, aligned to eight.
    /// - Returns: the filled output, sealed where it is shared memory.
    /// - Throws: what `fill` throws; `.kernelFailed` when the shape is out of bounds or there is
    ///   no shared memory to be had.
    public static func allocate(
        name: String,
        type: ElementType,
        shape: [UInt64],
        fill: (UnsafeMutableRawBufferPointer) throws(KernelFailure) -> Void
    ) throws(KernelFailure) -> OutputTensor {
        let byteCount: UInt64
        do {
            byteCount = try TensorEntry.byteCount(of: type, shape: shape, name: name)
        } catch {
            throw KernelFailure(.kernelFailed, error.message)
        }
        let storage: Storage =
            byteCount <= UInt64(Limits.maxInlineBytes)
            ? .inline(try inlineBytes(Int(byteCount), fill: fill))
            : .shared(try SealedMemory(byteCount: Int(byteCount), name: name, fill: fill))
        return OutputTensor(name: name, type: type, shape: shape, storage: storage)
    }

    /// The elements where they lie in this process's own memory; nil for those in shared memory.
    var inlineBytes: [UInt8]? {
        switch storage {
        case .inline(let bytes): bytes
        case .shared: nil
        case .forwarded(let input): Array(input.bytes)
        }
    }

    /// Bytes that this tensor puts into the reply's frame.
    var inlineByteCount: Int {
        switch storage {
        case .inline(let bytes): bytes.count
        case .shared: 0
        case .forwarded(let input): input.origin == nil ? input.bytes.count : 0
        }
    }

    /// Moves bytes that would travel in the frame into shared memory.
    mutating func moveToSharedMemory() throws(KernelFailure) {
        switch storage {
        case .shared:
            return
        case .inline(let bytes):
            let memory = try SealedMemory(byteCount: bytes.count, name: name) { target in
                target.copyBytes(from: bytes)
            }
            storage = .shared(memory)
        case .forwarded(let input):
            let memory = try SealedMemory(byteCount: input.bytes.count, name: name) { target in
                target.copyMemory(from: input.bytes)
            }
            storage = .shared(memory)
        }
    }

    private static func inlineBytes(
        _ count: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(KernelFailure) -> Void
    ) throws(KernelFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: KernelFailure?
        // The failure leaves the closure by hand: the library's closure does not carry its type.
        bytes.withUnsafeMutableBytes { target in
            do throws(KernelFailure) {
                try fill(target)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
