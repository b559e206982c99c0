/// What a kernel takes and gives, as its worker declares it: the source of `kernelsupctl kernels`.
public struct KernelSignature: Hashable, Sendable {
    public enum Direction: UInt8, Sendable {
        case input = 0
        case output = 1
    }

    public struct Argument: Hashable, Sendable {
        public var name: String
        public var direction: Direction
        public var type: ElementType
        /// One expression a dimension: a number, a symbolic size (`n`), or a sum such as `n+1`.
        ///
        /// Empty for a scalar.
        public var shape: [String]
        /// Text of the value that is taken when the argument is left out; nil when it is required.
        public var defaultValue: String?
        /// Text of the allowed range, `0..<1`; empty for none.
        public var range: String
        public var documentation: String

        public init(
            name: String,
            direction: Direction,
            type: ElementType,
            shape: [String],
            defaultValue: String? = nil,
            range: String = "",
            documentation: String = ""
        ) {
            self.name = name
            self.direction = direction
            self.type = type
            self.shape = shape
            self.defaultValue = defaultValue
            self.range = range
            self.documentation = documentation
        }
    }

    /// `domain/name`, at most 128 bytes.
    public var name: String
    /// One sentence.
    public var summary: String
    /// Running a call twice does no harm.
    public var isIdempotent: Bool
    public var arguments: [Argument]
    /// Why the kernel can't be called although its worker is up (a build log); empty when it can.
    public var problem: String

    public init(
        name: String,
        summary: String,
        isIdempotent: Bool,
        arguments: [Argument],
        problem: String = ""
    ) {
        self.name = name
        self.summary = summary
        self.isIdempotent = isIdempotent
        self.arguments = arguments
        self.problem = problem
    }
}
