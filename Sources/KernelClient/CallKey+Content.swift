import SupervisionWire

extension UInt64 {
    /// The key of a call with these arguments, whatever their order.
    ///
    /// - Parameters:
    ///   - kernel: its name.
    ///   - arguments: with their payloads.
    ///   - memories: those that the payloads' descriptors name.
    /// - Throws: what is wrong with a type or shape.
    init(
        keyOf kernel: String,
        _ arguments: [OutgoingTensor],
        _ memories: [TensorMemory]
    ) throws(WireError) {
        var hash = ContentHash()
        hash.combine(kernel)
        for argument in arguments.sorted(by: { $0.name < $1.name }) {
            hash.combine(argument.name)
            hash.combine(UInt64(argument.type.rawValue))
            hash.combine(UInt64(argument.shape.count))
            for size in argument.shape { hash.combine(size) }
            switch argument.payload {
            case .bytes(let bytes):
                hash.combine(bytes.withUnsafeBytes { ContentHash.hash(of: $0) })
            case .descriptor(let index, let offset):
                let count = try TensorEntry.byteCount(
                    of: argument.type,
                    shape: argument.shape,
                    name: argument.name
                )
                let start = Int(offset)
                hash.combine(memories[index].hash(of: start..<start + Int(count)))
            }
        }
        self = hash.value
    }
}
