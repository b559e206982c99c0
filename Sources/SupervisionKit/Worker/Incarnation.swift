/// One life of a slot's worker process.
///
/// Numbers grow over the daemon's life and are never reused, so that whatever a dead worker still
/// sends names something that is gone.
public struct Incarnation: Codable, Hashable, Comparable, Sendable {
    public let number: UInt64

    public init(number: UInt64) {
        self.number = number
    }

    public static func < (left: Incarnation, right: Incarnation) -> Bool {
        left.number < right.number
    }
}
