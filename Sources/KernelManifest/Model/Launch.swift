package import SupervisionWire

extension KernelManifest {
    /// One enqueue of a kernel function.
    package struct Launch: Hashable, Sendable {
        package enum Argument: Hashable, Sendable {
            /// An input without dimensions, passed by value.
            case scalar(String)
            /// An input with dimensions, an output or a buffer.
            case memory(String)
            case local(String)
            /// A size as an integer of this type.
            case size(SizeExpression, ElementType)
            /// A size as 32 bits, `int` or `uint`: in 0...2³¹−1, where both are the same.
            case plainSize(SizeExpression)
            /// The bytes of a number.
            case number([UInt8])
        }

        /// The name of the `__kernel` function.
        package var function: String
        package var arguments: [Argument]
        /// Work-items of one to three dimensions.
        package var global: [SizeExpression]
        /// Work-items of a group, as many dimensions; nil leaves it to the driver.
        package var local: [SizeExpression]?
        /// Belongs to the block that `[repeat]` repeats.
        package var isRepeated: Bool
    }

    /// How often the repeated launches run, and what happens between two passes.
    package struct Repetition: Hashable, Sendable {
        package enum Condition: Hashable, Sendable {
            case count(SizeExpression)
            case flag(Flag)
        }

        /// A one-element integer buffer, set to zero before each pass and read after it.
        package struct Flag: Hashable, Sendable {
            package var buffer: String
            /// Another pass follows while the flag is set; else until it is set.
            package var continuesWhileSet: Bool
            /// Passes at most.
            package var limit: SizeExpression
            /// Passes from one reading of the flag to the next, at least 1.
            package var checkEvery: Int
            /// Reaching the limit is an error and not a result.
            package var failsAtLimit: Bool
        }

        /// Two names that trade their memory after each pass.
        package struct Swap: Hashable, Sendable {
            package var first: String
            package var second: String
        }

        package var condition: Condition
        package var swaps: [Swap]
    }
}

extension KernelManifest {
    /// Names that expressions find without declaring them.
    package enum ReservedSize {
        /// Passes done before this one, from 0, in repeated launches only.
        package static let iteration = "iteration"
        /// Passes done in all, in computed outputs only.
        package static let passes = "passes"
    }

    /// Every bound of a manifest.
    package enum Bounds {
        package static let launches = 64
        package static let buffers = 64
        package static let sizes = 64
        package static let launchArguments = 64
        package static let documentationBytes = 1024
        /// Elements of one input or output of a check.
        package static let checkElements = 1024
    }
}
