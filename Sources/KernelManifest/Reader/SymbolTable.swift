import SupervisionWire

/// The names of one manifest: what each is, where it was declared, and whether anything uses it.
struct SymbolTable {
    enum Kind: Hashable {
        case scalar(ElementType)
        case input
        case output
        case buffer
        case local
        /// A dimension of an input.
        case symbolicSize
        case derivedSize

        /// In words for messages.
        var text: String {
            switch self {
            case .scalar: "a scalar input"
            case .input: "an input"
            case .output: "an output"
            case .buffer: "a buffer"
            case .local: "local memory"
            case .symbolicSize: "a size of an input's shape"
            case .derivedSize: "a derived size"
            }
        }
    }

    struct Symbol {
        var name: String
        var kind: Kind
        var span: SourceSpan
        var isUsed = false
    }

    /// Words that mean something else in expressions and launch arguments.
    static let reserved: Set<String> = Set(
        ElementType.allCases.map(\.name)
            + ["min", "max", "ceil", "iteration", "passes"]
    )

    /// In order of declaration.
    private(set) var symbols: [Symbol] = []
    private var indices: [String: Int] = [:]

    subscript(name: String) -> Kind? {
        indices[name].map { symbols[$0].kind }
    }

    /// False when the name is taken.
    mutating func declare(_ name: String, _ kind: Kind, at span: SourceSpan) -> Bool {
        guard indices[name] == nil else { return false }
        indices[name] = symbols.count
        symbols.append(Symbol(name: name, kind: kind, span: span))
        return true
    }

    mutating func use(_ name: String) {
        if let index = indices[name] {
            symbols[index].isUsed = true
        }
    }

    /// Names that an expression may contain.
    var sizeNames: [String] {
        symbols.filter { $0.kind.isSize }.map(\.name)
    }

    /// Names that a launch can be given.
    var argumentNames: [String] {
        symbols.map(\.name)
    }
}

extension SymbolTable.Kind {
    var isSize: Bool {
        switch self {
        case .symbolicSize, .derivedSize: true
        case .scalar(let type): type.isInteger
        case .input, .output, .buffer, .local: false
        }
    }

    /// A pointer in `__global` memory that a kernel may write.
    var isWritableMemory: Bool {
        switch self {
        case .output, .buffer: true
        case .scalar, .input, .local, .symbolicSize, .derivedSize: false
        }
    }
}

extension ElementType {
    var isInteger: Bool {
        switch self {
        case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64: true
        case .f16, .f32, .f64, .bytes: false
        }
    }

    var isReal: Bool {
        switch self {
        case .f16, .f32, .f64: true
        case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .bytes: false
        }
    }
}
