internal import SupervisionKit

/// The last lines of a slot's workers, over incarnations; the oldest make room for the newest.
///
/// Lines are kept as the bytes that were written, each behind a header of fixed size, in one block
/// of memory that grows to its limit and is then used in a circle. A line is decoded when somebody
/// asks for it: of a flood, nearly all lines are never looked at.
struct OutputRing {
    /// Bytes of lines and their headers.
    static let capacity = 64 << 10
    private static let leastStorage = 4 << 10

    private struct Header: BitwiseCopyable {
        var at: UInt64
        var wallMicroseconds: Int64
        var incarnation: UInt64
        var pid: Int32
        var count: UInt16
        var stream: UInt8
        var marks: UInt8

        static let size = MemoryLayout<Header>.size
    }

    /// Empty, or of a power of two.
    private var storage: [UInt8] = []
    /// Where the oldest line begins.
    private var start = 0
    /// Bytes in use.
    private var used = 0
    /// Lines in the ring.
    private(set) var count = 0
    /// The worker that wrote the newest line, and how many lines it has written.
    private(set) var newest: (incarnation: UInt64, lineCount: Int) = (0, 0)

    /// Takes in a line of at most `LineCutter.maxLineBytes`.
    mutating func append(
        _ line: Span<UInt8>,
        _ stamp: OutputLine.Stamp,
        _ marks: OutputLine.Marks
    ) {
        precondition(line.count <= LineCutter.maxLineBytes, "a line that was not cut")
        makeRoom(for: Header.size + line.count)
        let header = Header(
            at: stamp.at.nanoseconds,
            wallMicroseconds: stamp.wallMicroseconds,
            incarnation: stamp.incarnation,
            pid: stamp.pid,
            count: UInt16(line.count),
            stream: stamp.stream.rawValue,
            marks: marks.rawValue
        )
        put(header, line)
        count += 1
        if newest.incarnation != stamp.incarnation { newest = (stamp.incarnation, 0) }
        newest.lineCount += 1
    }

    /// The last lines of the worker that wrote the newest one, at most so many, oldest first.
    func last(_ limit: Int) -> [OutputLine] {
        var offsets: [Int] = []
        var offset = 0
        while offset < used {
            let header = header(at: offset)
            if header.incarnation == newest.incarnation { offsets.append(offset) }
            offset += Header.size + Int(header.count)
        }
        return offsets.suffix(limit).map(line)
    }

    private func line(at offset: Int) -> OutputLine {
        let header = header(at: offset)
        let text = bytes(at: offset + Header.size, count: Int(header.count))
        let stamp = OutputLine.Stamp(
            at: Instant(nanoseconds: header.at),
            wallMicroseconds: header.wallMicroseconds,
            incarnation: header.incarnation,
            pid: header.pid,
            stream: OutputLine.Stream(rawValue: header.stream) ?? .standardError
        )
        return OutputLine(text.span, stamp, OutputLine.Marks(rawValue: header.marks))
    }

    // MARK: - Bytes

    private mutating func makeRoom(for size: Int) {
        if used + size > storage.count, storage.count < Self.capacity { grow(toHold: used + size) }
        while used + size > storage.count {
            let oldest = Header.size + Int(header(at: 0).count)
            start = place(of: oldest)
            used -= oldest
            count -= 1
        }
    }

    private mutating func grow(toHold size: Int) {
        var wanted = max(Self.leastStorage, storage.count)
        while wanted < min(size, Self.capacity) { wanted *= 2 }
        var larger = bytes(at: 0, count: used)
        larger.reserveCapacity(wanted)
        larger.append(contentsOf: repeatElement(0, count: wanted - used))
        storage = larger
        start = 0
    }

    /// There is room.
    private mutating func put(_ header: Header, _ line: Span<UInt8>) {
        let place = place(of: used)
        let size = Header.size + line.count
        guard place + size > storage.count else {
            storage.withUnsafeMutableBytes { room in
                // Both lie within the storage, by the guard.
                room.storeBytes(of: header, toByteOffset: place, as: Header.self)
                line.withUnsafeBytes { line in
                    UnsafeMutableRawBufferPointer(rebasing: room[(place + Header.size)...])
                        .copyMemory(from: line)
                }
            }
            used += size
            return
        }
        // Over the end, and on at the beginning. The header has no padding, so that each of its
        // bytes has a value.
        var bytes = withUnsafeBytes(of: header) { Array($0) }
        line.withUnsafeBytes { bytes += $0 }
        for byte in bytes {
            storage[self.place(of: used)] = byte
            used += 1
        }
    }

    /// `offset` counts from the oldest line.
    private func place(of offset: Int) -> Int { (start + offset) & (storage.count - 1) }

    private func bytes(at offset: Int, count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        let place = place(of: offset)
        let first = min(count, storage.count - place)
        return Array(storage[place..<place + first] + storage[..<(count - first)])
    }

    private func header(at offset: Int) -> Header {
        let place = place(of: offset)
        return storage.withUnsafeBytes { bytes in
            guard place + Header.size > bytes.count else {
                return bytes.loadUnaligned(fromByteOffset: place, as: Header.self)
            }
            return self.bytes(at: offset, count: Header.size).withUnsafeBytes {
                $0.loadUnaligned(as: Header.self)
            }
        }
    }
}
