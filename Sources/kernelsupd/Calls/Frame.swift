internal import Glibc
internal import SupervisionWire

/// The frame being handled right now: bytes in a buffer that is used again, descriptors that are
/// closed unless someone keeps them.
struct Frame: ~Copyable {
    /// `Limits.maxFrameBytes` and one more, so that a packet which is too long shows.
    var buffer = [UInt8](repeating: 0, count: Limits.maxFrameBytes + 1)
    var count = 0
    var descriptors: [Int32] = []

    /// Puts other bytes in the place of those at hand; nil leaves them.
    mutating func exchange(_ change: (Span<UInt8>) -> [UInt8]?) {
        guard let bytes = change(buffer.span.extracting(first: count)) else { return }
        count = bytes.count
        buffer.replaceSubrange(0..<count, with: bytes)
    }

    /// Closes what came along and was not kept.
    mutating func discard() {
        count = 0
        guard !descriptors.isEmpty else { return }
        for descriptor in descriptors { close(descriptor) }
        descriptors.removeAll(keepingCapacity: true)
    }
}

/// Calls that may have to be sent (again), by the index of their id.
struct FrameStore {
    private struct Kept {
        var bytes: [UInt8] = []
        var descriptors: [Int32] = []
        var isUsed = false
    }

    /// A place gives back what a frame took above this.
    private static let keptCapacity = 8 * 1024

    private var places: [Kept] = []

    /// Moves the frame at hand into the store; its descriptors now belong to the store.
    mutating func keep(_ frame: inout Frame, at index: Int) {
        while index >= places.count { places.append(Kept()) }
        places[index].bytes.append(contentsOf: frame.buffer[0..<frame.count])
        places[index].descriptors = frame.descriptors
        places[index].isUsed = true
        frame.descriptors.removeAll(keepingCapacity: true)
    }

    mutating func release(_ index: Int) {
        guard index < places.count, places[index].isUsed else { return }
        if !places[index].descriptors.isEmpty {
            for descriptor in places[index].descriptors { close(descriptor) }
            places[index].descriptors.removeAll()
        }
        if places[index].bytes.capacity > Self.keptCapacity {
            places[index].bytes = []
        } else {
            places[index].bytes.removeAll(keepingCapacity: true)
        }
        places[index].isUsed = false
    }

    /// Puts other bytes in the place of a kept frame's; nil leaves them.
    ///
    /// - Returns: false when there is no such frame.
    mutating func exchange(_ index: Int, _ change: (Span<UInt8>) -> [UInt8]?) -> Bool {
        guard index < places.count, places[index].isUsed else { return false }
        let former = places[index].bytes
        let bytes = change(former.span)
        if let bytes { places[index].bytes = bytes }
        return true
    }

    /// Gives the kept frame to `body` to patch and send; nil when there is none.
    mutating func withFrame<Result>(
        _ index: Int,
        _ body: (inout [UInt8], [Int32]) -> Result
    ) -> Result? {
        guard index < places.count, places[index].isUsed else { return nil }
        let descriptors = places[index].descriptors
        return body(&places[index].bytes, descriptors)
    }
}
