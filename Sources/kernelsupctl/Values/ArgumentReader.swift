import ControlProtocol
import KernelClient
import LinuxSystem
import SupervisionWire

/// Makes the tensor of one `name=VALUE` from the command line.
struct ArgumentReader {
    /// Bytes of standard input that are taken in for an argument of type `bytes`.
    static let maxPipedBytes = 1 << 30

    /// nil when the kernel's signature is not known: then the value decides its type.
    let signature: Kernel.Argument?
    let name: String

    /// Takes in a number, a JSON array, `@FILE`, `@-` or `-`.
    func tensor(_ value: String) throws(CommandFailure) -> Tensor {
        if value == "-" { return try fileTensor("-") }
        if value.hasPrefix("@") { return try fileTensor(String(value.dropFirst())) }
        guard type != .bytes else {
            throw failure("'\(value)' is not taken as bytes: give @FILE or - for standard input")
        }
        let array: NumberArray
        do throws(NumberArray.Problem) {
            array = try NumberArray(value)
        } catch {
            throw failure("\(error.message) in '\(abridged(value))'")
        }
        try checkRank(array.shape, of: "the value")
        let type = self.type ?? array.impliedType
        do throws(Number.Misfit) {
            let bytes = try array.bytes(as: type)
            return Tensor(name, type: type, shape: array.shape) { $0.copyBytes(from: bytes) }
        } catch {
            throw failure("\(error.reason), and the argument is \(type.name)")
        }
    }

    /// The signature's type; nil when none is known.
    private var type: ElementType? { signature.flatMap { ElementType(name: $0.type) } }

    private func failure(_ problem: String) -> CommandFailure {
        .usage("argument '\(name)': \(problem)")
    }

    private func abridged(_ value: String) -> String {
        value.count <= 40 ? value : value.prefix(39) + "…"
    }

    private func checkRank(_ shape: [Int], of what: String) throws(CommandFailure) {
        guard let signature, signature.shape.count != shape.count else { return }
        let wanted =
            signature.shape.isEmpty
            ? "a single \(signature.type)" : "\(typeText(signature)), an array"
        let given = shape.isEmpty ? "a single number" : "an array of shape \(shape)"
        throw failure("\(what) is \(given), the kernel takes \(wanted)")
    }

    private func fileTensor(_ path: String) throws(CommandFailure) -> Tensor {
        guard !path.isEmpty else { throw failure("'@' needs the name of a file behind it") }
        let source = try ByteSource(path: path)
        return type == .bytes ? try bytesTensor(source) : try npyTensor(source)
    }

    private func bytesTensor(_ source: borrowing ByteSource) throws(CommandFailure) -> Tensor {
        guard let size = source.size else {
            return .bytes(name, try source.readAll(limit: ArgumentReader.maxPipedBytes))
        }
        guard size <= Limits.maxTensorBytes else {
            throw failure("\(source.name) has \(size) bytes, at most \(Limits.maxTensorBytes)")
        }
        return try filledTensor(.bytes, [size]) { target throws(CommandFailure) in
            let count = try source.read(into: target)
            guard count == target.count else { throw changed(source.name) }
        }
    }

    private func changed(_ name: String) -> CommandFailure {
        failure("\(name) became shorter while it was read")
    }

    private func npyTensor(_ source: borrowing ByteSource) throws(CommandFailure) -> Tensor {
        let header = try npyHeader(source)
        try checkRank(header.shape, of: source.name)
        let conversion = NpyConversion(header: header, target: type ?? header.type)
        let sourceName = source.name
        let tensor = try filledTensor(conversion.target, header.shape) {
            target throws(CommandFailure) in
            if conversion.isIdentity {
                try readData(source, into: target)
                return
            }
            let raw = UnsafeMutableRawBufferPointer.allocate(
                byteCount: header.byteCount,
                alignment: 64
            )
            defer { raw.deallocate() }
            try readData(source, into: raw)
            do throws(Number.Misfit) {
                try conversion.convert(raw, into: target)
            } catch {
                throw failure(
                    "\(error.reason) in \(sourceName), "
                        + "and the argument is \(conversion.target.name)"
                )
            }
        }
        return tensor
    }

    private func npyHeader(_ source: borrowing ByteSource) throws(CommandFailure) -> NpyHeader {
        do {
            // A header of version 1.0 may be all of a file's first twelve bytes and two more.
            let prefix = try read(source, 10)
            let isLong = prefix.count == 10 && prefix[6] > 1
            let head = isLong ? prefix + (try read(source, 2)) : prefix
            let range = try NpyHeader.dictionary(prefix: head)
            let dictionary = try read(source, range.count)
            guard dictionary.count == range.count else {
                throw NpyHeader.Problem(message: "the header is cut short")
            }
            return try NpyHeader(dictionary: dictionary)
        } catch let error as NpyHeader.Problem {
            throw failure("\(source.name) can't be read: \(error.message)")
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw failure("\(source.name) can't be read: \(error)")
        }
    }

    private func read(
        _ source: borrowing ByteSource,
        _ count: Int
    ) throws(CommandFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var result = 0
        do {
            result = try bytes.withUnsafeMutableBytes { try source.read(into: $0) }
        } catch {
            throw (error as? CommandFailure) ?? failure("\(error)")
        }
        return Array(bytes.prefix(result))
    }

    /// Reads the data behind the header, all of it, after which the file must end.
    private func readData(
        _ source: borrowing ByteSource,
        into target: UnsafeMutableRawBufferPointer
    ) throws(CommandFailure) {
        let count = try source.read(into: target)
        guard count == target.count else {
            throw failure(
                "\(source.name) is cut short: \(count) of \(target.count) bytes of data are there"
            )
        }
        guard try read(source, 1).isEmpty else {
            throw failure("\(source.name) has more data than its shape says")
        }
    }

    /// Lets `fill` write the tensor's bytes: into shared memory where it is large, so that a file
    /// is copied once only, by the kernel.
    private func filledTensor(
        _ type: ElementType,
        _ shape: [Int],
        _ fill: (UnsafeMutableRawBufferPointer) throws(CommandFailure) -> Void
    ) throws(CommandFailure) -> Tensor {
        let byteCount = shape.reduce(type.size, *)
        do {
            if byteCount > Limits.maxInlineBytes / 2 {
                let memory = try TensorMemory.filled(byteCount: byteCount) { try fill($0) }
                return Tensor(name, type: type, shape: shape, memory: memory)
            }
            var bytes = [UInt8](repeating: 0, count: byteCount)
            try bytes.withUnsafeMutableBytes { try fill($0) }
            let filled = bytes
            return Tensor(name, type: type, shape: shape) { $0.copyBytes(from: filled) }
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw failure("no shared memory for \(byteCount) bytes: \(error)")
        }
    }
}
