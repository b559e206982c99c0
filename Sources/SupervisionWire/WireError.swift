public import SupervisionKit

/// What is wrong with a frame, and where.
///
/// A decoder never traps and never reads past its input.
public struct WireError: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The frame ends before a part that it states.
        case truncated
        case badMagic
        /// The version found.
        case unsupportedVersion(UInt16)
        /// The type found, or a type that has no place here.
        case unknownType(UInt16)
        /// The length stated is not the packet's.
        case lengthMismatch
        /// Above a limit of `Limits`.
        case tooLarge
        /// Not UTF-8, or with a NUL.
        case badText
        case badValue
        case badTensor
        /// Other descriptors came than were stated.
        case descriptorCount
    }

    public let kind: Kind
    /// A sentence that names the field, what it holds and what is allowed.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What a caller is told whose frame this error is about.
    public var callError: CallError {
        if case .unsupportedVersion = kind { .unsupportedVersion } else { .malformedFrame }
    }
}
