/// The body of a ready frame: the device's text, then one record a kernel
/// (docs/PROTOCOL.md, "READY").
extension WorkerFrame.Ready {
    /// Bytes that each summary, problem, documentation and the device's text may have: the first
    /// limit with which the frame fits is taken.
    private static let textLimits = [Limits.maxMessageBytes, 2048, 512, 128]

    /// Appends the body behind the 96 header bytes in `bytes`.
    ///
    /// With the last limit of texts it may still be too large for a frame, which the caller checks.
    ///
    /// - Throws: what the reader of the body would: `.tooLarge` for counts, `.badValue` for names
    ///   that are empty, too long or given twice.
    func encode(into bytes: inout [UInt8]) throws(WireError) {
        try check()
        for kernel in kernels { try kernel.check() }
        let start = bytes.count
        for limit in WorkerFrame.Ready.textLimits {
            bytes.removeSubrange(start...)
            bytes.append(prefixed: device, limit: limit)
            for kernel in kernels { kernel.encode(into: &bytes, textLimit: limit) }
            if bytes.count <= Limits.maxFrameBytes { return }
        }
    }

    init(decoding bytes: Span<UInt8>) throws(WireError) {
        let count = Int(bytes.u16(at: 32))
        try WorkerFrame.Ready.check(kernelCount: count)
        var reader = TextReader(offset: Limits.headerBytes)
        device = try reader.prefixedText(bytes)
        kernels = []
        for _ in 0..<count {
            kernels.append(try KernelSignature(decoding: bytes, from: &reader))
        }
        try check()
    }

    private func check() throws(WireError) {
        try WorkerFrame.Ready.check(kernelCount: kernels.count)
        var names: Set<String> = []
        for kernel in kernels {
            guard names.insert(kernel.name).inserted else {
                throw WireError(.badValue, "kernel '\(kernel.name)' is declared twice")
            }
        }
    }

    private static func check(kernelCount count: Int) throws(WireError) {
        guard count <= Limits.maxKernelsPerWorker else {
            throw WireError(
                .tooLarge,
                "\(count) kernels, at most \(Limits.maxKernelsPerWorker) in one worker"
            )
        }
    }
}

extension KernelSignature {
    func encode(into bytes: inout [UInt8], textLimit: Int) {
        bytes.append(prefixed: name, limit: Limits.maxNameBytes)
        bytes.append(prefixed: summary, limit: textLimit)
        bytes.append(prefixed: problem, limit: textLimit)
        bytes.append(isIdempotent ? 1 : 0)
        bytes.append(UInt8(arguments.count))
        for argument in arguments { argument.encode(into: &bytes, textLimit: textLimit) }
    }

    init(decoding bytes: Span<UInt8>, from reader: inout TextReader) throws(WireError) {
        name = try reader.prefixedText(bytes, limit: Limits.maxNameBytes)
        summary = try reader.prefixedText(bytes)
        problem = try reader.prefixedText(bytes)
        isIdempotent = try reader.u8(bytes) & 1 != 0
        let count = Int(try reader.u8(bytes))
        arguments = []
        for _ in 0..<count {
            arguments.append(try Argument(decoding: bytes, from: &reader))
        }
        try check()
    }

    func check() throws(WireError) {
        try checkName(name, of: "kernel", limit: Limits.maxNameBytes)
        guard arguments.count <= Limits.maxArguments else {
            throw WireError(
                .tooLarge,
                "kernel '\(name)' declares \(arguments.count) arguments, "
                    + "at most \(Limits.maxArguments)"
            )
        }
        var names: [Direction: Set<String>] = [:]
        for argument in arguments {
            try checkName(argument.name, of: "argument", limit: Limits.maxTensorNameBytes)
            guard names[argument.direction, default: []].insert(argument.name).inserted else {
                throw WireError(
                    .badValue,
                    "kernel '\(name)' declares the \(argument.direction) '\(argument.name)' twice"
                )
            }
            guard argument.shape.count <= Limits.maxRank else {
                throw WireError(
                    .badValue,
                    "argument '\(argument.name)' has \(argument.shape.count) dimensions, "
                        + "at most \(Limits.maxRank)"
                )
            }
            guard argument.shape.allSatisfy({ Limits.shapeBytes.contains($0.utf8.count) }) else {
                throw WireError(
                    .badValue,
                    "argument '\(argument.name)': a size of its shape has not "
                        + "\(Limits.shapeBytes.lowerBound) to \(Limits.shapeBytes.upperBound) bytes"
                )
            }
        }
    }
}

extension KernelSignature.Argument {
    func encode(into bytes: inout [UInt8], textLimit: Int) {
        bytes.append(prefixed: name, limit: Limits.maxTensorNameBytes)
        bytes.append(direction.rawValue)
        bytes.append(type.rawValue)
        bytes.append(defaultValue == nil ? 0 : 1)
        bytes.append(UInt8(shape.count))
        for size in shape {
            bytes.append(prefixed: size, limit: Limits.shapeBytes.upperBound)
        }
        bytes.append(prefixed: defaultValue ?? "", limit: textLimit)
        bytes.append(prefixed: range, limit: textLimit)
        bytes.append(prefixed: documentation, limit: textLimit)
    }

    init(decoding bytes: Span<UInt8>, from reader: inout TextReader) throws(WireError) {
        name = try reader.prefixedText(bytes, limit: Limits.maxTensorNameBytes)
        let rawDirection = try reader.u8(bytes)
        let rawType = try reader.u8(bytes)
        guard let direction = KernelSignature.Direction(rawValue: rawDirection),
            let type = ElementType(rawValue: rawType)
        else {
            throw WireError(
                .badValue,
                "argument '\(name)': direction \(rawDirection) or type \(rawType) is not known"
            )
        }
        self.direction = direction
        self.type = type
        let hasDefault = try reader.u8(bytes) & 1 != 0
        let rank = Int(try reader.u8(bytes))
        shape = []
        for _ in 0..<rank {
            shape.append(try reader.prefixedText(bytes, limit: Limits.shapeBytes.upperBound))
        }
        let text = try reader.prefixedText(bytes)
        defaultValue = hasDefault ? text : nil
        range = try reader.prefixedText(bytes)
        documentation = try reader.prefixedText(bytes)
    }
}

private func checkName(_ name: String, of what: String, limit: Int) throws(WireError) {
    guard (1...limit).contains(name.utf8.count), !name.utf8.contains(0) else {
        throw WireError(
            .badValue,
            "the name of a \(what) has 1 to \(limit) bytes and no NUL, "
                + "'\(name.truncated(toUTF8: limit))' has not"
        )
    }
}

extension [UInt8] {
    /// Appends a text, cut to `limit` bytes, with its length in two bytes before it.
    mutating func append(prefixed text: String, limit: Int) {
        let clean = text.truncated(toUTF8: limit)
        append(u16: UInt16(clean.utf8.count))
        append(contentsOf: clean.utf8)
    }
}
