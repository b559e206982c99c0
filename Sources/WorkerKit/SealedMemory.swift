internal import LinuxSystem
internal import SupervisionKit

/// A memfd that was written once and can never change again; closed with the last reference.
final class SealedMemory {
    private let memory: SharedMemory

    var descriptor: Int32 { memory.rawDescriptor }

    /// - Parameters:
    ///   - byteCount: above zero.
    ///   - name: shown in /proc beside the descriptor.
    ///   - fill: gets the zeroed bytes.
    /// - Throws: what `fill` throws; `.kernelFailed` when the system has no memory or descriptor.
    init(
        byteCount: Int,
        name: String,
        fill: (UnsafeMutableRawBufferPointer) throws(KernelFailure) -> Void
    ) throws(KernelFailure) {
        do {
            memory = try SharedMemory.create(name: "kernelsup-\(name)", byteCount: byteCount)
        } catch {
            throw SealedMemory.failure(error, name: name, byteCount: byteCount)
        }
        try SealedMemory.write(to: memory, name: name, byteCount: byteCount, fill: fill)
        do {
            try memory.seal()
        } catch {
            throw SealedMemory.failure(error, name: name, byteCount: byteCount)
        }
    }

    /// The mapping ends with this function: a memfd that is mapped for writing cannot be sealed.
    private static func write(
        to memory: borrowing SharedMemory,
        name: String,
        byteCount: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(KernelFailure) -> Void
    ) throws(KernelFailure) {
        let mapping: MemoryMapping
        do {
            mapping = try memory.mapWritable()
        } catch {
            throw failure(error, name: name, byteCount: byteCount)
        }
        try fill(mapping.bytes)
    }

    private static func failure(
        _ error: SystemError,
        name: String,
        byteCount: Int
    ) -> KernelFailure {
        KernelFailure(
            .kernelFailed,
            "no shared memory of \(byteCount) bytes for output '\(name)': \(error)"
        )
    }
}
