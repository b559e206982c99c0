import SupervisionWire

/// Brings the elements of an npy file into the type, byte order and row-major order of a tensor.
struct NpyConversion {
    let header: NpyHeader
    let target: ElementType

    /// The bytes of the file are those of the tensor: nothing is to be converted.
    var isIdentity: Bool {
        header.type == target && !header.isSwapped
            && (!header.isFortranOrder || header.shape.count { $0 != 1 } <= 1)
    }

    /// Converts all elements.
    ///
    /// - Parameters:
    ///   - source: exactly `header.byteCount` bytes; their byte order is changed in place.
    ///   - output: room for as many elements of the target's type.
    /// - Throws: the first element that does not fit, with its place.
    func convert(
        _ source: UnsafeMutableRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(Number.Misfit) {
        precondition(source.count == header.byteCount, "the file's data is complete")
        precondition(output.count == header.count * target.size, "the tensor has room")
        if header.isSwapped { swapBytes(source) }
        let elements = UnsafeRawBufferPointer(source)
        var order = FortranOrder(header)
        for index in 0..<header.count {
            let from = (header.isFortranOrder ? order.next() : index) * header.type.size
            if header.type == target {
                // A copy of bits: NaNs keep their payload.
                for byte in 0..<target.size {
                    output[index * target.size + byte] = elements[from + byte]
                }
                continue
            }
            do throws(Number.Misfit) {
                try Number(header.type, from: elements, at: from)
                    .store(as: target, to: output, at: index * target.size)
            } catch {
                throw Number.Misfit(reason: "element \(index): \(error.reason)")
            }
        }
    }

    private func swapBytes(_ bytes: UnsafeMutableRawBufferPointer) {
        let size = header.type.size
        for element in stride(from: 0, to: bytes.count, by: size) {
            for byte in 0..<size / 2 { bytes.swapAt(element + byte, element + size - 1 - byte) }
        }
    }
}

/// Walks over the elements in row-major order and says where each is in column-major order.
private struct FortranOrder {
    private let shape: [Int]
    private let strides: [Int]
    private var indices: [Int]
    private var place = 0

    init(_ header: NpyHeader) {
        shape = header.shape
        indices = shape.map { _ in 0 }
        var strides: [Int] = []
        var stride = 1
        for size in shape {
            strides.append(stride)
            stride *= size
        }
        self.strides = strides
    }

    mutating func next() -> Int {
        defer {
            for axis in shape.indices.reversed() {
                indices[axis] += 1
                place += strides[axis]
                guard indices[axis] == shape[axis] else { break }
                place -= strides[axis] * shape[axis]
                indices[axis] = 0
            }
        }
        return place
    }
}
