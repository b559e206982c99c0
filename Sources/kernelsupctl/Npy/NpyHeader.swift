import SupervisionWire

/// The head of a file in NumPy's format: element type, order, shape.
///
/// Source: "NEP 1 — A Simple File Format for NumPy Arrays", versions 1.0 to 3.0.
struct NpyHeader: Hashable {
    /// Bytes of the dictionary: NumPy itself writes less than a thousand.
    static let maxDictionaryBytes = 64 * 1024
    /// Bytes from which `dictionaryLength` can be told, at most: magic, version, a length of four.
    static let prefixBytes = 12

    var type: ElementType
    /// The other byte order than this machine's: big-endian.
    var isSwapped = false
    /// Column-major: the first dimension changes fastest.
    var isFortranOrder = false
    var shape: [Int]

    /// A file that can't be read as numbers, and why.
    struct Problem: Error, Hashable {
        var message: String
    }

    var count: Int { shape.reduce(1, *) }
    var byteCount: Int { count * type.size }

    /// How long the rest of the header is, and where it starts: the first twelve bytes tell.
    static func dictionary(prefix: some Collection<UInt8>) throws(Problem) -> Range<Int> {
        let prefix = Array(prefix)
        guard prefix.count >= 10, prefix[..<6] == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59] else {
            throw Problem(message: "not in NumPy's format (it does not start with \\x93NUMPY)")
        }
        let start: Int
        var length = Int(prefix[8]) | Int(prefix[9]) << 8
        switch (prefix[6], prefix[7]) {
        case (1, 0):
            start = 10
        case (2, 0), (3, 0):
            guard prefix.count >= 12 else { throw Problem(message: "the header is cut short") }
            start = 12
            length |= Int(prefix[10]) << 16 | Int(prefix[11]) << 24
        case (let major, let minor):
            throw Problem(
                message: "NumPy format version \(major).\(minor) is not known, only 1.0 to 3.0"
            )
        }
        guard length <= maxDictionaryBytes else {
            throw Problem(
                message: "a header of \(length) bytes, at most \(maxDictionaryBytes) are read"
            )
        }
        return start..<start + length
    }

    /// Reads the dictionary of a header, `{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}`.
    init(dictionary bytes: some Collection<UInt8>) throws(Problem) {
        var parser = PythonLiteralParser(bytes: Array(bytes))
        let entries = try parser.dictionary()
        guard Set(entries.keys) == ["descr", "fortran_order", "shape"] else {
            throw Problem(
                message: "the header has the keys \(entries.keys.sorted()), "
                    + "wanted are descr, fortran_order and shape"
            )
        }
        switch entries["descr"] {
        case .text(let descr):
            (type, isSwapped) = try NpyHeader.elementType(descr)
        default:
            throw Problem(message: "structured arrays are not read, only plain numbers")
        }
        guard case .boolean(let isFortranOrder) = entries["fortran_order"] else {
            throw Problem(message: "fortran_order is neither True nor False")
        }
        guard case .tuple(let shape) = entries["shape"] else {
            throw Problem(message: "shape is no tuple of whole numbers")
        }
        self.isFortranOrder = isFortranOrder
        self.shape = shape
        do throws(WireError) {
            _ = try TensorEntry.byteCount(of: type, shape: shape.map(UInt64.init), name: "shape")
        } catch {
            throw Problem(message: error.message)
        }
    }

    init(
        type: ElementType,
        shape: [Int],
        isSwapped: Bool = false,
        isFortranOrder: Bool = false
    ) {
        self.type = type
        self.shape = shape
        self.isSwapped = isSwapped
        self.isFortranOrder = isFortranOrder
    }

    private static func elementType(_ descr: String) throws(Problem) -> (ElementType, Bool) {
        let order = descr.first ?? " "
        let name = "<>|=".contains(order) ? String(descr.dropFirst()) : descr
        let types: [String: ElementType] = [
            "b1": .u8, "u1": .u8, "i1": .i8, "u2": .u16, "i2": .i16, "u4": .u32, "i4": .i32,
            "u8": .u64, "i8": .i64, "f2": .f16, "f4": .f32, "f8": .f64,
        ]
        if let type = types[name] { return (type, order == ">" && type.size > 1) }
        if name.hasPrefix("O") {
            throw Problem(
                message: "an array of Python objects (descr '\(descr)'): reading it would run "
                    + "code from the file (allow_pickle), which is never done here"
            )
        }
        if name.hasPrefix("c") {
            throw Problem(
                message: "complex numbers (descr '\(descr)') are no element type here; "
                    + "store real and imaginary part as one more dimension"
            )
        }
        throw Problem(message: "elements of descr '\(descr)' are not read, only plain numbers")
    }

    /// A whole header, version 1.0, padded so that the data starts at a multiple of 64.
    func encoded() -> [UInt8] {
        let sizes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text =
            "{'descr': '\(descr)', "
            + "'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(sizes)), }"
        let unpadded = 10 + text.utf8.count + 1
        let padding = (64 - unpadded % 64) % 64
        let dictionary = text + String(repeating: " ", count: padding) + "\n"
        let length = dictionary.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
            + Array(dictionary.utf8)
    }

    private var descr: String {
        let order = type.size == 1 ? "|" : isSwapped ? ">" : "<"
        switch type {
        case .u8, .bytes: return order + "u1"
        case .i8: return order + "i1"
        case .u16: return order + "u2"
        case .i16: return order + "i2"
        case .u32: return order + "u4"
        case .i32: return order + "i4"
        case .u64: return order + "u8"
        case .i64: return order + "i8"
        case .f16: return order + "f2"
        case .f32: return order + "f4"
        case .f64: return order + "f8"
        }
    }
}
