import LinuxSystem
import SupervisionKit
import SupervisionWire

/// A frame on its way to the daemon, with what its descriptors belong to.
struct EncodedFrame: Sendable {
    let id: UInt64
    let bytes: [UInt8]
    /// One a descriptor, in order; kept until the frame is sent.
    let memories: [TensorMemory]

    /// A frame that ends the call with this id.
    static func cancel(id: UInt64) -> EncodedFrame? {
        // A cancel has a fixed size: encoding it can't fail for its contents.
        guard let bytes = try? WorkerFrame.cancel(id: id).encoded() else { return nil }
        return EncodedFrame(id: id, bytes: bytes, memories: [])
    }

    /// Writes a call, with small tensors in the frame and the rest in shared memory.
    ///
    /// Tensors that don't fit into the frame's 64 KiB together go into one memfd, the largest
    /// first, each at the start of a page so that a worker can hand it to a device as it is.
    static func call(
        _ head: CallHead,
        key: CallKey,
        kernel: String,
        arguments: [Tensor]
    ) throws(KernelCallError) -> EncodedFrame {
        var head = head
        do {
            let sizes = try arguments.map { try checkedByteCount($0) }
            let shared = sharedIndices(arguments, sizes)
            var memories: [TensorMemory] = []
            var outgoing = try arguments.enumerated().map { index, tensor in
                OutgoingTensor(
                    name: tensor.name,
                    type: tensor.type,
                    shape: tensor.shape.map(UInt64.init),
                    payload: shared.contains(index)
                        ? .bytes([]) : try payload(of: tensor, sizes[index], &memories)
                )
            }
            if !shared.isEmpty {
                let (memory, offsets) = try pack(shared, of: arguments, sizes)
                for (index, offset) in zip(shared, offsets) {
                    outgoing[index].payload = .descriptor(
                        index: memories.count,
                        offset: UInt64(offset)
                    )
                }
                memories.append(memory)
            }
            switch key {
            case .ofContent: head.key = try UInt64(keyOf: kernel, outgoing, memories)
            case .given(let given): head.key = given
            case .none: head.key = PoisonList.noKey
            }
            let bytes = try CallFrame.encode(
                head,
                kernel: kernel,
                tensors: outgoing,
                descriptorCount: memories.count
            )
            return EncodedFrame(id: head.id, bytes: bytes, memories: memories)
        } catch let error as WireError {
            throw KernelCallError(
                code: .invalidArgument,
                message: "call of '\(kernel)' not sent: \(error.message)",
                execution: .notRun
            )
        } catch {
            throw KernelCallError(
                code: .notSent,
                message:
                    "call of '\(kernel)' not sent: no shared memory for its arguments: \(error)",
                execution: .notRun
            )
        }
    }

    /// The bytes that type and shape make, which must be those that are there.
    private static func checkedByteCount(_ tensor: Tensor) throws -> Int {
        let count = try Tensor.byteCount(of: tensor.type, shape: tensor.shape, name: tensor.name)
        let available: Int
        switch tensor.storage {
        case .written(let byteCount, _):
            available = byteCount
        case .frame(let bytes, let offset):
            available = offset == 0 ? bytes.count : min(count, bytes.count - offset)
        case .memory(let memory, let offset):
            guard offset >= 0, offset % 8 == 0 else {
                throw WireError(
                    .badTensor,
                    "tensor '\(tensor.name)' starts at byte \(offset), not a multiple of 8"
                )
            }
            available = min(count, memory.byteCount - offset)
        }
        guard available == count else {
            throw WireError(
                .badTensor,
                "tensor '\(tensor.name)' of shape \(tensor.shape) and type \(tensor.type.name) "
                    + "has \(count) bytes, \(max(0, available)) are given"
            )
        }
        return count
    }

    /// Which tensors leave the frame so that the others fit into it.
    private static func sharedIndices(_ arguments: [Tensor], _ sizes: [Int]) -> [Int] {
        var inFrame: [(index: Int, padded: Int)] = []
        for (index, tensor) in arguments.enumerated() {
            if case .memory = tensor.storage, sizes[index] > 0 { continue }
            inFrame.append((index, (sizes[index] + 7) & ~7))
        }
        var total = inFrame.reduce(0) { $0 + $1.padded }
        var shared: [Int] = []
        for candidate in inFrame.sorted(by: { $0.padded > $1.padded })
        where total > Limits.maxInlineBytes {
            total -= candidate.padded
            shared.append(candidate.index)
        }
        return shared.sorted()
    }

    private static func payload(
        of tensor: Tensor,
        _ byteCount: Int,
        _ memories: inout [TensorMemory]
    ) throws -> OutgoingTensor.Payload {
        guard byteCount > 0 else { return .bytes([]) }
        switch tensor.storage {
        case .memory(let memory, let offset):
            let known = memories.firstIndex { $0 === memory }
            if known == nil { memories.append(memory) }
            return .descriptor(index: known ?? memories.count - 1, offset: UInt64(offset))
        case .frame(let bytes, let offset):
            return .bytes(
                bytes.count == byteCount ? bytes : Array(bytes[offset..<offset + byteCount])
            )
        case .written(_, let fill):
            return .bytes(
                [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
                    let target = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<byteCount]
                    )
                    target.initializeMemory(as: UInt8.self, repeating: 0)
                    fill(target)
                    count = byteCount
                }
            )
        }
    }

    private static func pack(
        _ indices: [Int],
        of arguments: [Tensor],
        _ sizes: [Int]
    ) throws -> (TensorMemory, offsets: [Int]) {
        var offsets: [Int] = []
        var end = 0
        for index in indices {
            let start = (end + 4095) & ~4095
            offsets.append(start)
            end = start + sizes[index]
        }
        let memory = try TensorMemory.filled(byteCount: end) { target in
            for (index, offset) in zip(indices, offsets) {
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: target[offset..<offset + sizes[index]]
                )
                if case .written(_, let fill) = arguments[index].storage {
                    fill(part)
                } else {
                    arguments[index].withBytes { part.copyMemory(from: $0) }
                }
            }
        }
        return (memory, offsets)
    }
}
