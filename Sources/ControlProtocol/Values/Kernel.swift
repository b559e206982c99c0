/// What can be called, with its signature: what `kernelsupctl kernels` prints.
public struct Kernel: Codable, Hashable, Sendable {
    public struct Argument: Codable, Hashable, Sendable {
        public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
            case input
            case output
        }

        public var name: String
        public var direction: Direction
        /// `f32`, `u8`, `bytes`: the names of `ElementType`.
        public var type: String
        /// One size or expression a dimension (`n`, `n+1`, `3`); empty for a scalar.
        public var shape: [String]
        /// What is taken when the argument is left out; nil when it is required.
        @OrNull public var defaultValue: String?
        /// `0..<1`; nil when every value of the type is allowed.
        @OrNull public var range: String?
        public var documentation: String

        enum CodingKeys: String, CodingKey {
            case name, direction, type, shape, range, documentation
            case defaultValue = "default"
        }

        public init(
            name: String,
            direction: Direction,
            type: String,
            shape: [String],
            defaultValue: String? = nil,
            range: String? = nil,
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

    public var name: String
    public var summary: String
    public var group: String
    /// Running a call twice does no harm.
    public var isIdempotent: Bool
    /// Why it can't be called although its worker is up (a build log); nil when it can.
    @OrNull public var problem: String?
    public var arguments: [Argument]
    public var state: KernelState

    enum CodingKeys: String, CodingKey {
        case name, summary, group, problem, arguments, state
        case isIdempotent = "idempotent"
    }

    public init(
        name: String,
        summary: String,
        group: String,
        isIdempotent: Bool,
        problem: String? = nil,
        arguments: [Argument],
        state: KernelState
    ) {
        self.name = name
        self.summary = summary
        self.group = group
        self.isIdempotent = isIdempotent
        self.problem = problem
        self.arguments = arguments
        self.state = state
    }
}

/// No kernel of that name is configured.
public struct NoSuchComponent: Error, Codable, Hashable, Sendable {
    public var name: String
    /// Names that are near it, best first; may be empty.
    public var nearest: [String]

    public init(name: String, nearest: [String] = []) {
        self.name = name
        self.nearest = nearest
    }
}
