internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionRecording

/// Writes the core's log to a file: each event with what the core decided about it.
///
/// Whatever goes wrong with the file ends the recording and nothing else.
struct Recorder: ~Copyable {
    /// A recording that nobody ends must not fill the disk.
    static let maxBytes = 1 << 30

    private let file: FileDescriptor
    private var byteCount = 0

    /// What ended the recording, for people.
    struct Ending: Error {
        let message: String
    }

    /// Makes the file, in place of what was there.
    init(path: String) throws(SystemError) {
        file = try FileDescriptor.openFile(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
    }

    /// Says how the core was made; comes before all entries.
    mutating func begin(_ header: Recording.Header) throws(Ending) {
        try write(Self.encoding { try Recording.encode(header) })
    }

    /// Appends one event; whole, or the recording ends.
    mutating func record(
        _ event: Event,
        at instant: Instant,
        effects: [Effect]
    ) throws(Ending) {
        let bytes = try Self.encoding {
            try Recording.encode(event, at: instant, effects: effects)
        }
        guard byteCount + bytes.count <= Self.maxBytes else {
            throw Ending(
                message: "the recording has ended: it has reached \(Self.maxBytes >> 20) MiB"
            )
        }
        try write(bytes)
    }

    private static func encoding(_ body: () throws -> [UInt8]) throws(Ending) -> [UInt8] {
        do {
            return try body()
        } catch {
            throw Ending(message: "the recording has ended: \(error)")
        }
    }

    private mutating func write(_ bytes: [UInt8]) throws(Ending) {
        var start = 0
        while start < bytes.count {
            let count: Int?
            do {
                count = try bytes.withUnsafeBytes { room throws(SystemError) in
                    try file.write(UnsafeRawBufferPointer(rebasing: room[start...]))
                }
            } catch {
                throw Ending(message: "the recording has ended: \(error)")
            }
            // A pipe that is full keeps nobody waiting.
            guard let count, count > 0 else {
                throw Ending(message: "the recording has ended: its file takes no more")
            }
            start += count
        }
        byteCount += bytes.count
    }
}
