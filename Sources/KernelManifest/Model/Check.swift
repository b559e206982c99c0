package import SupervisionWire

extension KernelManifest {
    /// A tiny call whose outputs are known: what tells a device that answers garbage.
    ///
    /// Run when the worker starts, before it is ready, and at each health probe.
    package struct Check: Hashable, Sendable {
        package struct Value: Hashable, Sendable {
            package var name: String
            package var type: ElementType
            /// Empty for a scalar.
            package var shape: [UInt64]
            /// Little-endian, row-major, as many as the shape says.
            package var bytes: [UInt8]
        }

        /// Those left out have defaults.
        package var inputs: [Value]
        /// At least one; those left out may hold anything.
        package var outputs: [Value]
        /// How far a floating-point number may be off, as a share of the expected one or, below 1,
        /// in itself.
        package var tolerance: Double
    }
}
