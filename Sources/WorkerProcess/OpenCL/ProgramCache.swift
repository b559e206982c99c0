internal import Glibc

/// Built programs on disk, so that a worker's start costs a read and not a compilation.
///
/// One file a program. Its name is a hash of the key, and the whole key stands in the file and is
/// compared, so that two keys with one hash cost a rebuild and never a wrong program. A file that
/// is short, foreign or damaged counts as absent. Several workers may share a directory: a file is
/// written under a name of its own and renamed into place, so that a reader sees all of it or none.
/// Nothing here fails a start: what can't be written is a warning.
struct ProgramCache: Sendable {
    /// All that decides whether a binary fits.
    struct Key: Hashable, Sendable {
        var source: String
        var options: String
        var device: String
        var driverVersion: String
        var platform: String

        init(source: String, options: String, device: OpenCLDevice) {
            self.source = source
            self.options = options
            self.device = device.name
            self.driverVersion = device.driverVersion
            self.platform = "\(device.platformName)\n\(device.platformVersion)"
        }

        /// The parts with their lengths, so that no two keys have the same text.
        var text: String {
            [platform, device, driverVersion, options, source]
                .map { "\($0.utf8.count) \($0)\n" }
                .joined()
        }
    }

    let directory: String

    /// A program's binary may be that large; a larger file counts as damaged.
    static let maxFileBytes = 256 << 20

    private static let magic = Array("KSUPCLB1".utf8)

    /// The file that holds the program of `key`.
    func path(for key: Key) -> String {
        let digits = String(Hash128.of(Array(key.text.utf8)), radix: 16)
        let padding = String(repeating: "0", count: 32 - digits.count)
        return "\(directory)/\(padding)\(digits).clbin"
    }

    /// The stored binary; nil when there is none that fits and is whole.
    func binary(for key: Key) -> [UInt8]? {
        guard let file = CacheFile.read(path(for: key), limit: ProgramCache.maxFileBytes) else {
            return nil
        }
        return ProgramCache.decode(file, key: key)
    }

    /// Stores a binary, replacing what is there; gives a warning when that is not possible.
    func store(_ binary: [UInt8], for key: Key) -> String? {
        guard !binary.isEmpty else { return nil }
        if let problem = CacheFile.makeDirectory(directory) { return problem }
        return CacheFile.replace(path(for: key), with: ProgramCache.encode(binary, key: key))
    }

    /// Layout: magic, key length, key, binary's hash (16 bytes), binary to the end of the file.
    static func encode(_ binary: [UInt8], key: Key) -> [UInt8] {
        let text = Array(key.text.utf8)
        var bytes = magic
        bytes.reserveCapacity(binary.count + text.count + 32)
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text)
        withUnsafeBytes(of: Hash128.of(binary).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: binary)
        return bytes
    }

    static func decode(_ file: [UInt8], key: Key) -> [UInt8]? {
        let text = Array(key.text.utf8)
        let start = magic.count + 8 + text.count + 16
        guard file.count > start, file.starts(with: magic) else { return nil }
        let length = file.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: magic.count, as: UInt64.self))
        }
        guard length == UInt64(text.count),
            file[(magic.count + 8)..<(start - 16)].elementsEqual(text)
        else { return nil }
        let hash = file.withUnsafeBytes {
            UInt128(littleEndian: $0.loadUnaligned(fromByteOffset: start - 16, as: UInt128.self))
        }
        let binary = Array(file[start...])
        return Hash128.of(binary) == hash ? binary : nil
    }
}

/// The 128-bit FNV-1a hash: finds damage and names files, and is no protection against intent.
///
/// Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm", RFC 9923.
enum Hash128 {
    static func of(_ bytes: [UInt8]) -> UInt128 {
        let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        bytes.withUnsafeBufferPointer {
            for byte in $0 {
                hash ^= UInt128(byte)
                hash = hash &* prime
            }
        }
        return hash
    }
}
