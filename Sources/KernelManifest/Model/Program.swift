package import SupervisionWire

extension KernelManifest {
    /// What the stock worker does for a call of a kernel from source: memory, launches, results.
    ///
    /// Everything in it was checked against everything else when it was read: names exist, kinds
    /// and types fit, expressions use only sizes that are known. What depends on the sizes of a
    /// call, such as a negative shape, is found at the call.
    package struct Program: Hashable, Sendable {
        /// Absolute, or relative to the process's directory.
        package var sourcePath: String
        package var buildOptions: String
        package var inputs: [Input]
        package var outputs: [Output]
        package var buffers: [Buffer]
        package var locals: [Local]
        /// In the order in which they are computed.
        package var sizes: [Size]
        package var launches: [Launch]
        package var repetition: Repetition?
        package var check: Check?
    }

    /// An argument of a call; a scalar when its shape is empty.
    package struct Input: Hashable, Sendable {
        package var name: String
        package var type: ElementType
        package var shape: [SizeExpression]
        /// A number in words, of scalars only.
        package var defaultValue: String?
        /// `0..<1`, of scalars only; empty for none.
        package var range: String
        package var documentation: String
        package var checks: ContentChecks
    }

    /// What the host makes sure of before the device sees an array.
    package struct ContentChecks: Hashable, Sendable {
        /// No element is below the one before it.
        package var isAscending = false
        /// No NaN and no infinity.
        package var isFinite = false
        /// The first element is this.
        package var first: SizeExpression?
        /// The last element is this.
        package var last: SizeExpression?
        /// Every element is at least 0 and below this.
        package var below: SizeExpression?

        package static let none = ContentChecks()
    }

    package struct Output: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            /// Written by launches, after this beginning.
            case written(Initial)
            /// A scalar that the host computes after the launches, from sizes and `passes`.
            case computed(SizeExpression)
        }

        package var name: String
        package var type: ElementType
        package var shape: [SizeExpression]
        package var documentation: String
        package var content: Content
    }

    /// What a piece of memory holds before the first launch.
    package enum Initial: Hashable, Sendable {
        /// Anything: every element is written before it is read.
        case undefined
        /// Every element has these bytes, as many as the element type has; zeros by default.
        case filled([UInt8])
        /// The content of an input of the same type and size.
        case copy(of: String)
    }

    /// Memory of the device for one call.
    package struct Buffer: Hashable, Sendable {
        package var name: String
        package var type: ElementType
        package var shape: [SizeExpression]
        package var initial: Initial
    }

    /// Memory of a work-group.
    package struct Local: Hashable, Sendable {
        package var name: String
        package var type: ElementType
        package var shape: [SizeExpression]
    }

    /// A size with a name, computed from others.
    package struct Size: Hashable, Sendable {
        package var name: String
        package var value: SizeExpression
    }
}
