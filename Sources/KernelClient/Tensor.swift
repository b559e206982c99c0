public import SupervisionWire

/// A named array of numbers: an argument of a call or a part of its result.
///
///     let x = Tensor("x", [1, 2, 3] as [Float])
///     let damping = Tensor.scalar("damping", Float(0.85))
///     let ranks = result["ranks"]?.f32
///
/// A value: copying it never copies the data. Name, sizes and byte count are checked when the call
/// is made, not here.
public struct Tensor: Sendable {
    /// Where the bytes come from.
    enum Storage: Sendable {
        /// Written where they are needed: into the frame or into shared memory.
        case written(byteCount: Int, @Sendable (UnsafeMutableRawBufferPointer) -> Void)
        /// A part of a received frame.
        case frame([UInt8], offset: Int)
        case memory(TensorMemory, offset: Int)
    }

    public var name: String
    public let type: ElementType
    /// Sizes, outermost first, row-major; empty for a scalar.
    public let shape: [Int]
    let storage: Storage

    init(name: String, type: ElementType, shape: [Int], storage: Storage) {
        self.name = name
        self.type = type
        self.shape = shape
        self.storage = storage
    }

    /// A tensor of one dimension, or of `shape`, whose product must be the number of elements.
    public init<Element: TensorElement>(
        _ name: String,
        _ elements: [Element],
        shape: [Int]? = nil
    ) {
        self.init(
            name: name,
            type: Element.elementType,
            shape: shape ?? [elements.count],
            storage: .written(byteCount: elements.count * MemoryLayout<Element>.size) { target in
                elements.withUnsafeBytes { target.copyMemory(from: $0) }
            }
        )
    }

    /// A tensor that lies in shared memory already, `offset` bytes (a multiple of eight) behind its
    /// start.
    public init(
        _ name: String,
        type: ElementType,
        shape: [Int],
        memory: TensorMemory,
        offset: Int = 0
    ) {
        self.init(
            name: name,
            type: type,
            shape: shape,
            storage: .memory(memory, offset: offset)
        )
    }

    /// A tensor whose bytes are written in place when the call is made: into the frame up to
    /// 64 KiB, straight into shared memory above.
    ///
    /// - Parameters:
    ///   - name: of the argument.
    ///   - type: of the elements.
    ///   - shape: sizes, outermost first.
    ///   - fill: gets zeroed memory of exactly the tensor's size, once a call.
    public init(
        _ name: String,
        type: ElementType,
        shape: [Int],
        filling fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        let count = (try? Tensor.byteCount(of: type, shape: shape, name: name)) ?? 0
        self.init(
            name: name,
            type: type,
            shape: shape,
            storage: .written(byteCount: count, fill)
        )
    }

    /// A single number.
    public static func scalar<Element: TensorElement>(_ name: String, _ value: Element) -> Tensor {
        Tensor(name, [value], shape: [])
    }

    /// Opaque bytes.
    public static func bytes(_ name: String, _ bytes: [UInt8]) -> Tensor {
        Tensor(
            name: name,
            type: .bytes,
            shape: [bytes.count],
            storage: .frame(bytes, offset: 0)
        )
    }

    /// Bytes that type and shape make.
    static func byteCount(
        of type: ElementType,
        shape: [Int],
        name: String
    ) throws(WireError) -> Int {
        guard shape.allSatisfy({ $0 >= 0 }) else {
            throw WireError(.badTensor, "tensor '\(name)' has a negative size")
        }
        let count = try TensorEntry.byteCount(of: type, shape: shape.map(UInt64.init), name: name)
        return Int(count)
    }
}
