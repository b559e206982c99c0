internal import LinuxSystem
internal import SupervisionWire

/// Who keeps an argument's bytes alive: the frame that it came in, a mapping, or a copy.
protocol TensorMemory: AnyObject {
    var bytes: UnsafeRawBufferPointer { get }
}

/// A memfd's bytes, read-only, unmapped with the last reference.
final class MappedMemory: TensorMemory {
    private let mapping: MemoryMapping

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(mapping.bytes) }

    init(_ mapping: consuming MemoryMapping) {
        self.mapping = mapping
    }
}

/// Bytes on the heap, aligned for every element type and for vector loads.
final class OwnedMemory: TensorMemory {
    static let alignment = 64

    private let memory: UnsafeMutableRawBufferPointer

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    init(copying source: UnsafeRawBufferPointer) {
        memory = .allocate(byteCount: source.count, alignment: OwnedMemory.alignment)
        memory.copyMemory(from: source)
    }

    deinit {
        memory.deallocate()
    }
}
