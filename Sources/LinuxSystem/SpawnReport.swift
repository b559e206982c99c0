/// What the exec helper says through its pipe: nothing when the program has started, else one
/// record.
///
/// The pipe also ends without a byte when the helper is killed before it gets that far; the
/// process's exit then tells.
public struct SpawnReport: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// The program runs, or the process is dead without a word.
        case executed
        case failed(SpawnFailure)
    }

    private static let version: UInt32 = 1
    private static let headBytes = 12
    /// The head and the longest subject.
    static let maxBytes = headBytes + 1024

    private var bytes: [UInt8] = []

    public init() {}

    /// Reads what is there.
    ///
    /// - Parameter pipe: `Spawned.report`; call again when it is readable.
    /// - Returns: nil when the pipe has not ended yet.
    /// - Throws: what read reports.
    public mutating func read(
        from pipe: borrowing FileDescriptor
    ) throws(SystemError) -> Outcome? {
        while bytes.count <= Self.maxBytes {
            let room = Self.maxBytes + 1 - bytes.count
            var byteCount: Int?
            var failure: SystemError?
            let part = [UInt8](unsafeUninitializedCapacity: room) { buffer, initializedCount in
                do throws(SystemError) {
                    byteCount = try pipe.read(into: UnsafeMutableRawBufferPointer(buffer))
                } catch {
                    failure = error
                }
                initializedCount = byteCount ?? 0
            }
            if let failure { throw failure }
            guard let byteCount else { return nil }
            if byteCount == 0 { break }
            bytes += part
        }
        guard let failure = Self.decode(bytes) else { return .executed }
        return .failed(failure)
    }

    /// Reads the whole of a pipe that has ended.
    ///
    /// - Returns: nil for no bytes. Bytes that are no record give a failure at stage `report`.
    public static func decode(_ bytes: [UInt8]) -> SpawnFailure? {
        guard !bytes.isEmpty else { return nil }
        guard bytes.count >= headBytes, bytes.count <= maxBytes else {
            return SpawnFailure(stage: .report, errno: 0, subject: "\(bytes.count) bytes")
        }
        let version = word(bytes, at: 0)
        guard version == Self.version else {
            return SpawnFailure(stage: .report, errno: 0, subject: "version \(version)")
        }
        let number = word(bytes, at: 4)
        guard let stage = SpawnFailure.Stage(rawValue: number) else {
            return SpawnFailure(stage: .report, errno: 0, subject: "stage \(number)")
        }
        return SpawnFailure(
            stage: stage,
            errno: Int32(bitPattern: word(bytes, at: 8)),
            subject: String(decoding: bytes[headBytes...], as: UTF8.self)
        )
    }

    /// A number in the machine's byte order; the four bytes are there.
    private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
}
