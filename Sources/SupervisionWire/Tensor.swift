/// Where a tensor's bytes are.
public enum TensorStorage: Hashable, Sendable {
    /// In the frame: `offset` counts from the frame's first byte and is a multiple of eight.
    case inline(offset: Int)
    /// In the memfd with this index among the frame's descriptors, from `offset` on.
    case descriptor(index: Int, offset: UInt64)
}

/// One entry of a frame's tensor table: name, type, shape and place, without the bytes.
public struct TensorEntry: Hashable, Sendable {
    public var name: String
    public var type: ElementType
    /// Sizes, outermost first, row-major; empty for a scalar.
    ///
    /// At most eight.
    public var shape: [UInt64]
    public var storage: TensorStorage
    /// Bytes of the data: elements times element size, exactly.
    public var byteCount: UInt64

    public init(
        name: String,
        type: ElementType,
        shape: [UInt64],
        storage: TensorStorage
    ) throws(WireError) {
        self.name = name
        self.type = type
        self.shape = shape
        self.storage = storage
        self.byteCount = try TensorEntry.byteCount(of: type, shape: shape, name: name)
        guard (1...Limits.maxTensorNameBytes).contains(name.utf8.count), !name.utf8.contains(0)
        else {
            throw WireError(
                .badTensor,
                "a tensor's name has 1 to \(Limits.maxTensorNameBytes) bytes and no NUL"
            )
        }
    }

    /// Elements times size, or an error when a dimension count or the product is out of bounds.
    public static func byteCount(
        of type: ElementType,
        shape: [UInt64],
        name: String
    ) throws(WireError) -> UInt64 {
        guard shape.count <= Limits.maxRank else {
            throw WireError(
                .badTensor,
                "tensor '\(name)' has \(shape.count) dimensions, at most \(Limits.maxRank)"
            )
        }
        var total = UInt64(type.size)
        var isEmpty = false
        for size in shape {
            guard size > 0 else {
                isEmpty = true
                continue
            }
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard !overflow, product <= Limits.maxTensorBytes else {
                throw WireError(
                    .badTensor,
                    "tensor '\(name)' is larger than \(Limits.maxTensorBytes) bytes"
                )
            }
            total = product
        }
        return isEmpty ? 0 : total
    }

    /// Checks where a tensor starts in its memfd.
    static func check(descriptorOffset offset: UInt64, name: String) throws(WireError) {
        guard offset <= Limits.maxTensorBytes, offset % 8 == 0 else {
            throw WireError(
                .badTensor,
                "tensor '\(name)' starts at byte \(offset) of its memfd; that is a multiple of 8 "
                    + "and at most \(Limits.maxTensorBytes)"
            )
        }
    }

    /// Appends the entry's 128 bytes.
    ///
    /// The entry was made by `init(name:type:shape:storage:)`, a descriptor's index is below
    /// `Limits.maxDescriptors`: so every count fits its field.
    func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(type.rawValue)
        bytes.append(UInt8(shape.count))
        switch storage {
        case .inline(let offset):
            bytes.append(0)
            bytes.append(0)
            bytes.append(u16: UInt16(name.utf8.count))
            bytes.append(u16: 0)
            bytes.append(u64: UInt64(offset))
        case .descriptor(let index, let offset):
            bytes.append(1)
            bytes.append(UInt8(index))
            bytes.append(u16: UInt16(name.utf8.count))
            bytes.append(u16: 0)
            bytes.append(u64: offset)
        }
        bytes.append(u64: byteCount)
        for axis in 0..<Limits.maxRank {
            bytes.append(u64: axis < shape.count ? shape[axis] : 0)
        }
        bytes.append(contentsOf: name.utf8)
        bytes.append(zeros: Limits.tensorEntryBytes - (bytes.count - start))
    }

    /// Reads the entry at `offset`, which with its 128 bytes lies inside `bytes`.
    init(
        decoding bytes: Span<UInt8>,
        at offset: Int,
        dataStart: Int,
        descriptorCount: Int
    ) throws(WireError) {
        let rawType = bytes[offset]
        guard let type = ElementType(rawValue: rawType) else {
            throw WireError(.badTensor, "element type \(rawType) is not known")
        }
        let rank = Int(bytes[offset + 1])
        let nameLength = Int(bytes.u16(at: offset + 4))
        guard (1...Limits.maxTensorNameBytes).contains(nameLength),
            let name = bytes.text(at: offset + 88, length: nameLength)
        else {
            throw WireError(.badTensor, "a tensor's name is empty, too long or not UTF-8")
        }
        guard rank <= Limits.maxRank else {
            throw WireError(
                .badTensor,
                "tensor '\(name)' has \(rank) dimensions, at most \(Limits.maxRank)"
            )
        }
        var shape: [UInt64] = []
        shape.reserveCapacity(rank)
        for axis in 0..<rank {
            shape.append(bytes.u64(at: offset + 24 + 8 * axis))
        }
        let place = bytes.u64(at: offset + 8)
        let storage: TensorStorage
        switch bytes[offset + 2] {
        case 0:
            guard place <= UInt64(bytes.count) else {
                throw WireError(.badTensor, "tensor '\(name)' lies outside its frame")
            }
            storage = .inline(offset: Int(place))
        case 1:
            let index = Int(bytes[offset + 3])
            guard index < descriptorCount else {
                throw WireError(
                    .badTensor,
                    "tensor '\(name)' names descriptor \(index) of \(descriptorCount)"
                )
            }
            try TensorEntry.check(descriptorOffset: place, name: name)
            storage = .descriptor(index: index, offset: place)
        case let other:
            throw WireError(.badTensor, "tensor '\(name)' has the unknown storage \(other)")
        }
        try self.init(name: name, type: type, shape: shape, storage: storage)
        let stated = bytes.u64(at: offset + 16)
        guard stated == byteCount else {
            throw WireError(
                .badTensor,
                "tensor '\(name)' states \(stated) bytes, its shape makes \(byteCount)"
            )
        }
        if case .inline(let start) = storage {
            guard start >= dataStart, start % 8 == 0, UInt64(bytes.count - start) >= byteCount
            else {
                throw WireError(.badTensor, "tensor '\(name)' lies outside its frame's data")
            }
        }
    }
}

/// A tensor to be sent: its description and either its bytes or the descriptor that holds them.
public struct OutgoingTensor: Sendable {
    public enum Payload: Sendable {
        /// Copied into the frame.
        case bytes([UInt8])
        /// Index among the descriptors passed along with the frame, and the first byte in it.
        case descriptor(index: Int, offset: UInt64)
    }

    public var name: String
    public var type: ElementType
    public var shape: [UInt64]
    public var payload: Payload

    public init(name: String, type: ElementType, shape: [UInt64], payload: Payload) {
        self.name = name
        self.type = type
        self.shape = shape
        self.payload = payload
    }
}
