internal import LinuxSystem
internal import SupervisionKit
public import SupervisionWire

/// One argument of a call: its description, and its bytes to read in place.
///
/// Small arguments lie in the frame that brought them, large ones in a mapped memfd. The memfd is
/// sealed by its sender, so the bytes cannot change or vanish while they are read.
public final class InputTensor {
    public let name: String
    public let type: ElementType
    /// Outermost first, row-major; empty for a scalar.
    public let shape: [UInt64]
    /// The elements, little-endian, aligned to eight bytes.
    ///
    /// Valid until `run` returns.
    public let bytes: UnsafeRawBufferPointer

    /// Where a forwarded copy of this argument lies: a descriptor that came with its frame.
    struct Origin {
        let descriptor: Int32
        let offset: UInt64
        /// Keeps the descriptor open.
        let owner: ReceivedDescriptors
    }

    let origin: Origin?
    private let memory: (any TensorMemory)?

    /// An argument that arrived with a call.
    ///
    /// - Throws: `.malformedFrame` when the memfd is shorter than the tensor says, or is no memfd.
    init(
        _ entry: TensorEntry,
        frame: FrameBuffer,
        descriptors: ReceivedDescriptors
    ) throws(KernelFailure) {
        name = entry.name
        type = entry.type
        shape = entry.shape
        let count = Int(entry.byteCount)
        switch entry.storage {
        case .inline(let offset):
            memory = frame
            bytes = UnsafeRawBufferPointer(rebasing: frame.bytes[offset..<offset + count])
            origin = nil
        case .descriptor(let index, let offset):
            let descriptor = descriptors.values[index]
            origin = Origin(descriptor: descriptor, offset: offset, owner: descriptors)
            guard count > 0 else {
                memory = nil
                bytes = UnsafeRawBufferPointer(start: nil, count: 0)
                return
            }
            let mapped = try InputTensor.map(descriptor, offset: offset, count: count, name: name)
            memory = mapped
            bytes = mapped.bytes
        }
    }

    /// An argument made here, by copying `bytes`: a default value, or a trial without a daemon.
    ///
    /// - Throws: `.invalidArgument` when the bytes are not as many as the shape says.
    public init(
        name: String,
        type: ElementType,
        shape: [UInt64],
        bytes: [UInt8]
    ) throws(KernelFailure) {
        let expected: UInt64
        do {
            expected = try TensorEntry.byteCount(of: type, shape: shape, name: name)
        } catch {
            throw KernelFailure(.invalidArgument, error.message)
        }
        guard expected == UInt64(bytes.count) else {
            throw KernelFailure(
                .invalidArgument,
                "tensor '\(name)' has \(bytes.count) bytes, its shape makes \(expected)"
            )
        }
        let copy = bytes.withUnsafeBytes { OwnedMemory(copying: $0) }
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = copy.bytes
        self.memory = copy
        self.origin = nil
    }

    /// An argument made here from Swift numbers.
    ///
    /// - Throws: `.invalidArgument` when the elements are not as many as the shape says.
    public convenience init<Element: TensorElement>(
        name: String,
        shape: [UInt64],
        elements: [Element]
    ) throws(KernelFailure) {
        try self.init(
            name: name,
            type: Element.elementType,
            shape: shape,
            bytes: elements.withUnsafeBytes { Array($0) }
        )
    }

    /// How many elements there are; 1 for a scalar.
    public var elementCount: Int { bytes.count / type.size }

    /// The value of a scalar; nil when the tensor is not a scalar of that type.
    public func scalar<Element: TensorElement>(as _: Element.Type = Element.self) -> Element? {
        guard shape.isEmpty, type == Element.elementType else { return nil }
        return bytes.loadUnaligned(as: Element.self)
    }

    /// The elements as Swift numbers, in place; nil when they are of another type.
    ///
    /// Valid until `run` returns.
    public func elements<Element: TensorElement>(
        as _: Element.Type = Element.self
    ) -> UnsafeBufferPointer<Element>? {
        guard type == Element.elementType else { return nil }
        return bytes.bindMemory(to: Element.self)
    }

    private static func map(
        _ descriptor: Int32,
        offset: UInt64,
        count: Int,
        name: String
    ) throws(KernelFailure) -> MappedMemory {
        do {
            return MappedMemory(
                try MemoryMapping.readOnly(descriptor, offset: offset, byteCount: UInt64(count))
            )
        } catch {
            throw KernelFailure(
                .malformedFrame,
                "tensor '\(name)' wants \(count) bytes from byte \(offset) of its memfd: \(error)"
            )
        }
    }
}
