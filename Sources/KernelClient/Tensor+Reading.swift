import SupervisionWire

extension Tensor {
    /// Elements of the tensor; 1 for a scalar.
    public var count: Int { byteCount / type.size }

    /// Bytes of the data.
    public var byteCount: Int {
        switch storage {
        case .written(let byteCount, _): byteCount
        case .frame, .memory:
            (try? Tensor.byteCount(of: type, shape: shape, name: name)) ?? 0
        }
    }

    /// The bytes, valid during `body` only.
    ///
    /// Not copied where they were received.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch storage {
        case .written(let byteCount, let fill):
            let target = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
            defer { target.deallocate() }
            target.initializeMemory(as: UInt8.self, repeating: 0)
            fill(target)
            return try body(UnsafeRawBufferPointer(target))
        case .frame(let bytes, let offset):
            let count = byteCount
            // The array's own typed `withUnsafeBytes` only rethrows untyped errors.
            let result = bytes.withUnsafeBytes { raw -> Swift.Result<Result, Failure> in
                guard offset + count <= raw.count else {
                    return runCatching(UnsafeRawBufferPointer(start: nil, count: 0), body)
                }
                return runCatching(
                    UnsafeRawBufferPointer(rebasing: raw[offset..<offset + count]),
                    body
                )
            }
            return try result.get()
        case .memory(let memory, let offset):
            let count = byteCount
            return try memory.withBytes { (raw) throws(Failure) -> Result in
                guard offset >= 0, offset + count <= raw.count else {
                    return try body(UnsafeRawBufferPointer(start: nil, count: 0))
                }
                return try body(UnsafeRawBufferPointer(rebasing: raw[offset..<offset + count]))
            }
        }
    }

    /// The elements, valid during `body` only; nil when the tensor is of another type.
    public func withElements<Element: TensorElement, Result>(
        of type: Element.Type,
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        guard self.type == Element.elementType else { return nil }
        return try withBytes { try body($0.bindMemory(to: Element.self)) }
    }

    /// A copy of the elements; nil when the tensor is of another type.
    public func elements<Element: TensorElement>(of type: Element.Type) -> [Element]? {
        withElements(of: type) { Array($0) }
    }

    public var u8: [UInt8]? { elements(of: UInt8.self) }
    public var i8: [Int8]? { elements(of: Int8.self) }
    public var u16: [UInt16]? { elements(of: UInt16.self) }
    public var i16: [Int16]? { elements(of: Int16.self) }
    public var u32: [UInt32]? { elements(of: UInt32.self) }
    public var i32: [Int32]? { elements(of: Int32.self) }
    public var u64: [UInt64]? { elements(of: UInt64.self) }
    public var i64: [Int64]? { elements(of: Int64.self) }
    public var f16: [Float16]? { elements(of: Float16.self) }
    public var f32: [Float]? { elements(of: Float.self) }
    public var f64: [Double]? { elements(of: Double.self) }

    /// A copy of the raw bytes, whatever the type.
    public var bytes: [UInt8] { withBytes { [UInt8]($0) } }
}

private func runCatching<Result, Failure: Error>(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
) -> Swift.Result<Result, Failure> {
    do throws(Failure) {
        return .success(try body(bytes))
    } catch {
        return .failure(error)
    }
}
