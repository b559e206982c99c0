public import LinuxSystem
import SupervisionWire
import Synchronization

/// Sealed shared memory that holds tensors: created once, passed to any number of calls, never
/// copied.
///
/// Results above 64 KiB come as such memory too, so that the result of one call can be the argument
/// of the next without being touched. The bytes can't change any more: neither here nor in the
/// worker that reads them.
public final class TensorMemory: Sendable {
    private let memory: SharedMemory
    private let mapping: MemoryMapping
    /// Of parts that were arguments: what is sealed is read for it once.
    private let hashes = Mutex<[Range<Int>: UInt64]>([:])

    /// Seals `memory`, which must have no writable mapping left, and takes it over.
    ///
    /// - Throws: what sealing or mapping says; EBUSY where a writable mapping is left.
    public convenience init(sealing memory: consuming SharedMemory) throws(SystemError) {
        try memory.seal()
        let byteCount = UInt64(memory.byteCount)
        try self.init(sealed: memory, byteCount: byteCount)
    }

    /// Takes over memory that is sealed, and maps its first `byteCount` bytes.
    init(sealed memory: consuming SharedMemory, byteCount: UInt64) throws(SystemError) {
        mapping = try MemoryMapping.readOnly(
            memory.rawDescriptor,
            offset: 0,
            byteCount: byteCount
        )
        self.memory = memory
    }

    /// Creates memory of `byteCount` bytes and fills it in place.
    ///
    /// - Parameters:
    ///   - byteCount: at least 1.
    ///   - fill: gets the zeroed memory; what it throws is thrown on, and nothing is left over.
    /// - Returns: the sealed memory.
    /// - Throws: `SystemError` when there is no memory or no descriptor left, or what `fill`
    ///   throws.
    public static func filled(
        byteCount: Int,
        _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> TensorMemory {
        let memory = try SharedMemory.create(name: "kernelsup-tensor", byteCount: byteCount)
        do {
            let mapping = try memory.mapWritable()
            try fill(mapping.bytes)
        }
        return try TensorMemory(sealing: memory)
    }

    public var byteCount: Int { mapping.bytes.count }

    /// The bytes, valid during `body` only.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(mapping.bytes))
    }

    /// Of these bytes, which must be there.
    ///
    /// Two threads that ask at once both read; neither waits for the other.
    func hash(of range: Range<Int>) -> UInt64 {
        if let known = hashes.withLock({ $0[range] }) { return known }
        let hash = withBytes { ContentHash.hash(of: UnsafeRawBufferPointer(rebasing: $0[range])) }
        hashes.withLock { known in
            if known.count >= Limits.maxTensors { known.removeAll() }
            known[range] = hash
        }
        return hash
    }

    var rawDescriptor: Int32 { memory.rawDescriptor }
}
