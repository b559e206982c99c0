extension WorkerFrame.Probe {
    /// Reads what follows the shared header.
    init(decoding bytes: Span<UInt8>, number: UInt64) throws(WireError) {
        var reader = TextReader(offset: Limits.headerBytes)
        self.init(
            number: number,
            kernel: try reader.paddedText(
                bytes,
                length: Int(bytes.u16(at: 32)),
                limit: Limits.maxNameBytes
            )
        )
    }

    /// Appends what follows the shared header.
    ///
    /// - Throws: `.badValue` for a name that no kernel has: a name that is cut names another one.
    func encode(into bytes: inout [UInt8]) throws(WireError) {
        guard kernel.utf8.count <= Limits.maxNameBytes, !kernel.utf8.contains(0) else {
            throw WireError(
                .badValue,
                "a probe's kernel has at most \(Limits.maxNameBytes) bytes and no NUL"
            )
        }
        bytes.append(u16: UInt16(kernel.utf8.count))
        bytes.append(zeros: Limits.headerBytes - bytes.count)
        bytes.append(contentsOf: kernel.utf8)
        bytes.padToEight()
    }
}

extension WorkerFrame.Probed {
    /// Reads what follows the shared header.
    init(decoding bytes: Span<UInt8>, number: UInt64) throws(WireError) {
        let rawStatus = bytes.u16(at: 32)
        guard let status = Status(rawValue: rawStatus) else {
            throw WireError(.badValue, "a probe's status \(rawStatus) is not known")
        }
        var reader = TextReader(offset: Limits.headerBytes)
        self.init(
            number: number,
            status: status,
            message: try reader.paddedText(
                bytes,
                length: Int(bytes.u16(at: 34)),
                limit: Limits.maxProbeMessageBytes
            )
        )
    }

    /// Appends what follows the shared header.
    ///
    /// A message that is too long is cut at a character's end.
    func encode(into bytes: inout [UInt8]) {
        let text = message.truncated(toUTF8: Limits.maxProbeMessageBytes)
        bytes.append(u16: status.rawValue)
        bytes.append(u16: UInt16(text.utf8.count))
        bytes.append(zeros: Limits.headerBytes - bytes.count)
        bytes.append(contentsOf: text.utf8)
        bytes.padToEight()
    }
}
