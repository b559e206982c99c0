internal import LinuxSystem

/// The descriptors that came with one frame; closed with the last reference, on every path.
final class ReceivedDescriptors: Sendable {
    static let none = ReceivedDescriptors([])

    let values: [Int32]

    /// Takes ownership of `values`.
    init(_ values: [Int32]) {
        self.values = values
    }

    deinit {
        for value in values {
            // An owner made and ended at once: that closes it.
            _ = FileDescriptor(owning: value)
        }
    }
}
