/// The tail that calls and replies share: the tensor table and the inline data behind it.
enum TensorTable {
    /// Bytes that table and data of `tensors` take, to reserve them at once; at most what a frame
    /// can hold, whatever the tensors are.
    static func room(for tensors: [OutgoingTensor]) -> Int {
        var room = min(tensors.count, Limits.maxTensors) * Limits.tensorEntryBytes
        for case .bytes(let data) in tensors.lazy.map(\.payload) {
            room += paddedToEight(min(data.count, Limits.maxInlineBytes))
        }
        return min(room, Limits.maxFrameBytes)
    }

    /// Appends table and data for `tensors` to a frame whose text parts are already written.
    static func encode(
        _ tensors: [OutgoingTensor],
        descriptorCount: Int,
        into bytes: inout [UInt8]
    ) throws(WireError) {
        guard tensors.count <= Limits.maxTensors else {
            throw WireError(
                .tooLarge,
                "\(tensors.count) tensors, at most \(Limits.maxTensors) fit into a frame"
            )
        }
        guard (0...Limits.maxDescriptors).contains(descriptorCount) else {
            throw WireError(
                .tooLarge,
                "\(descriptorCount) descriptors, at most \(Limits.maxDescriptors) travel at once"
            )
        }
        let dataStart = bytes.count + tensors.count * Limits.tensorEntryBytes
        var place = dataStart
        var names: Set<String> = []
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else {
                throw WireError(.badTensor, "tensor '\(tensor.name)' is given twice")
            }
            var entry = try TensorEntry(
                name: tensor.name,
                type: tensor.type,
                shape: tensor.shape,
                storage: .inline(offset: place)
            )
            switch tensor.payload {
            case .bytes(let data):
                guard UInt64(data.count) == entry.byteCount else {
                    throw WireError(
                        .badTensor,
                        "tensor '\(tensor.name)' has \(data.count) bytes, "
                            + "its shape makes \(entry.byteCount)"
                    )
                }
                place += paddedToEight(data.count)
            case .descriptor(let index, let offset):
                guard (0..<descriptorCount).contains(index) else {
                    throw WireError(
                        .badTensor,
                        "tensor '\(tensor.name)' names descriptor \(index) of \(descriptorCount)"
                    )
                }
                try TensorEntry.check(descriptorOffset: offset, name: tensor.name)
                entry.storage = .descriptor(index: index, offset: offset)
            }
            entry.encode(into: &bytes)
        }
        guard place - dataStart <= Limits.maxInlineBytes else {
            throw WireError(
                .tooLarge,
                "\(place - dataStart) bytes of inline data, at most \(Limits.maxInlineBytes); "
                    + "larger tensors travel as memfds"
            )
        }
        for case .bytes(let data) in tensors.map(\.payload) {
            bytes.append(contentsOf: data)
            bytes.append(zeros: paddedToEight(data.count) - data.count)
        }
    }

    /// The first byte behind the table that starts at `offset`: checked to lie inside the frame,
    /// with no more data behind it than a frame carries.
    static func dataStart(
        _ bytes: Span<UInt8>,
        at offset: Int,
        header: FrameHeader
    ) throws(WireError) -> Int {
        let dataStart = offset + Int(header.tensorCount) * Limits.tensorEntryBytes
        guard dataStart <= bytes.count else {
            throw WireError(
                .truncated,
                "texts and a tensor table of \(header.tensorCount) entries need "
                    + "\(dataStart) bytes, the frame has \(bytes.count)"
            )
        }
        guard bytes.count - dataStart <= Limits.maxInlineBytes else {
            throw WireError(
                .tooLarge,
                "\(bytes.count - dataStart) bytes of inline data, "
                    + "at most \(Limits.maxInlineBytes); larger tensors travel as memfds"
            )
        }
        return dataStart
    }

    /// Reads the table that starts at `offset`; names are unique, every inline tensor is inside.
    static func decode(
        _ bytes: Span<UInt8>,
        at offset: Int,
        header: FrameHeader
    ) throws(WireError) -> [TensorEntry] {
        let dataStart = try dataStart(bytes, at: offset, header: header)
        var entries: [TensorEntry] = []
        entries.reserveCapacity(Int(header.tensorCount))
        for index in 0..<Int(header.tensorCount) {
            let entry = try TensorEntry(
                decoding: bytes,
                at: offset + index * Limits.tensorEntryBytes,
                dataStart: dataStart,
                descriptorCount: Int(header.descriptorCount)
            )
            guard !entries.contains(where: { $0.name == entry.name }) else {
                throw WireError(.badTensor, "tensor '\(entry.name)' is given twice")
            }
            entries.append(entry)
        }
        return entries
    }
}
