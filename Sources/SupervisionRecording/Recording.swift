public import SupervisionKit

/// The core's log: everything that a daemon's core was told, and what it answered.
///
/// A file is a header and then one entry for each event, in order. The same core gives the same
/// effects for the same events at the same instants, so a recording that was made by a daemon is
/// repeated elsewhere to the last bit, without its processes, sockets and time.
///
/// It holds names, devices and messages, but no tensors: those never reach the core.
public enum Recording {
    /// The first bytes of every file; the digit is the format's version.
    public static let magic = Array("KSUPREC1".utf8)

    /// How the core was made.
    public struct Header: Codable, Hashable, Sendable {
        /// The program that recorded: only the same reads it.
        public var version: String
        public var seed: UInt64
        public var start: Instant
        public var watchdogInterval: Duration?

        public init(
            version: String,
            seed: UInt64,
            start: Instant,
            watchdogInterval: Duration?
        ) {
            self.version = version
            self.seed = seed
            self.start = start
            self.watchdogInterval = watchdogInterval
        }
    }

    /// One event and what followed from it.
    public struct Entry: Hashable, Sendable {
        public var instant: Instant
        public var event: Event
        /// The effects, encoded.
        public var effects: [UInt8]
    }

    /// The bytes with which a file begins.
    public static func encode(_ header: Header) throws -> [UInt8] {
        magic + framed(try BinaryEncoder.encode(header))
    }

    /// The bytes of one entry.
    public static func encode(
        _ event: Event,
        at instant: Instant,
        effects: [Effect]
    ) throws -> [UInt8] {
        framed(try BinaryEncoder.encode(instant))
            + framed(try BinaryEncoder.encode(event))
            + framed(try encode(effects))
    }

    /// The bytes of effects, to compare with an entry's.
    public static func encode(_ effects: [Effect]) throws -> [UInt8] {
        try BinaryEncoder.encode(effects)
    }

    /// The effects of an entry, to show them.
    public static func effects(of entry: Entry) throws -> [Effect] {
        try BinaryDecoder.decode([Effect].self, from: entry.effects[...])
    }

    private static func framed(_ bytes: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        for shift in stride(from: 0, to: 32, by: 8) {
            length.append(UInt8(truncatingIfNeeded: bytes.count >> shift))
        }
        return length + bytes
    }
}

/// What is wrong with a recording.
public enum RecordingError: Error, Hashable, Sendable {
    case notARecording
    /// It ends in the middle of something: its daemon was killed while it wrote.
    case truncated
    case malformed(String)
}

/// Reads a recording entry by entry.
public struct RecordingReader: Sendable {
    public let header: Recording.Header
    private let bytes: [UInt8]
    private var offset: Int

    public init(_ bytes: [UInt8]) throws {
        guard bytes.starts(with: Recording.magic) else { throw RecordingError.notARecording }
        self.bytes = bytes
        offset = Recording.magic.count
        let frame = try Self.frame(in: bytes, at: &offset)
        header = try BinaryDecoder.decode(Recording.Header.self, from: frame)
    }

    /// The next entry; nil at the end.
    ///
    /// - Throws: `RecordingError.truncated` when the last entry is not whole.
    public mutating func next() throws -> Recording.Entry? {
        guard offset < bytes.count else { return nil }
        let instant = try Self.frame(in: bytes, at: &offset)
        let event = try Self.frame(in: bytes, at: &offset)
        let effects = try Self.frame(in: bytes, at: &offset)
        return Recording.Entry(
            instant: try BinaryDecoder.decode(Instant.self, from: instant),
            event: try BinaryDecoder.decode(Event.self, from: event),
            effects: Array(effects)
        )
    }

    private static func frame(
        in bytes: [UInt8],
        at offset: inout Int
    ) throws -> ArraySlice<UInt8> {
        let input = BinaryDecoder.Input(bytes[offset...])
        let count = Int(try input.integer(UInt32.self))
        guard bytes.count - input.offset >= count else { throw RecordingError.truncated }
        defer { offset = input.offset + count }
        return bytes[input.offset..<input.offset + count]
    }
}
