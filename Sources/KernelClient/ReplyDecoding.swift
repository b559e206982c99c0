import LinuxSystem
import SupervisionKit
import SupervisionWire

/// Descriptors that came with a packet: each is taken once, what is left over is closed.
final class ReceivedDescriptors {
    private var descriptors: [Int32?]

    init(_ descriptors: [Int32]) {
        self.descriptors = descriptors
    }

    deinit {
        for case .some(let descriptor) in descriptors {
            _ = FileDescriptor(owning: descriptor)
        }
    }

    var count: Int { descriptors.count }

    func take(_ index: Int) -> FileDescriptor? {
        guard descriptors.indices.contains(index), let descriptor = descriptors[index] else {
            return nil
        }
        descriptors[index] = nil
        return FileDescriptor(owning: descriptor)
    }
}

/// One packet from the daemon, read as far as it can be.
enum IncomingFrame {
    /// How the call with this id ended.
    case reply(id: UInt64, Result<CallResult, KernelCallError>)
    /// No reply: the connection can't be trusted any more.
    case violation(String)

    /// - Parameters:
    ///   - bytes: the packet, which the tensors of the result keep.
    ///   - descriptors: what came with it.
    ///   - descriptorsLost: some could not be received.
    init(_ bytes: [UInt8], descriptors: ReceivedDescriptors, descriptorsLost: Bool) {
        let header: FrameHeader
        do throws(WireError) {
            header = try FrameHeader(decoding: bytes.span)
        } catch {
            self = .violation(error.message)
            return
        }
        guard header.type == .reply else {
            self = .violation("a frame of type \(header.type) is no reply")
            return
        }
        do throws(WireError) {
            let frame = try ReplyFrame(decoding: bytes.span, header: header)
            if let error = KernelCallError(frame.head) {
                self = .reply(id: header.id, .failure(error))
                return
            }
            guard !descriptorsLost, descriptors.count == Int(header.descriptorCount) else {
                self = .unreadable(
                    frame.head,
                    "\(header.descriptorCount) descriptors announced, \(descriptors.count) received"
                        + (descriptorsLost ? " (open file limit reached?)" : "")
                )
                return
            }
            self = .reply(frame, bytes, descriptors)
        } catch {
            self = .unreadable(ReplyHead(id: header.id), error.message)
        }
    }

    private static func unreadable(_ head: ReplyHead, _ problem: String) -> IncomingFrame {
        .reply(
            id: head.id,
            .failure(
                KernelCallError(
                    code: .unreadableReply,
                    message: "the reply can't be read: \(problem)",
                    execution: .answerLost,
                    worker: head.worker.isEmpty ? nil : head.worker,
                    incarnation: head.incarnation,
                    attempts: Int(head.attempts)
                )
            )
        )
    }

    private static func reply(
        _ frame: ReplyFrame,
        _ bytes: [UInt8],
        _ descriptors: ReceivedDescriptors
    ) -> IncomingFrame {
        do {
            let memories = try mapped(frame.tensors, descriptors)
            let tensors = frame.tensors.map { entry in
                let storage: Tensor.Storage
                switch entry.storage {
                case .descriptor(let index, let offset) where entry.byteCount > 0:
                    storage =
                        memories[index].map { .memory($0, offset: Int(offset)) }
                        ?? .frame([], offset: 0)
                case .descriptor: storage = .frame([], offset: 0)
                case .inline(let offset): storage = .frame(bytes, offset: offset)
                }
                return Tensor(
                    name: entry.name,
                    type: entry.type,
                    shape: entry.shape.map(Int.init(clamping:)),
                    storage: storage
                )
            }
            return .reply(id: frame.head.id, .success(CallResult(frame.head, tensors)))
        } catch {
            return unreadable(frame.head, "\(error)")
        }
    }

    /// Maps each memfd once, as far as its tensors reach.
    ///
    /// It must be sealed: else its owner could
    /// cut it short under the reader, who would die of SIGBUS.
    private static func mapped(
        _ tensors: [TensorEntry],
        _ descriptors: ReceivedDescriptors
    ) throws -> [Int: TensorMemory] {
        var ends: [Int: UInt64] = [:]
        for tensor in tensors where tensor.byteCount > 0 {
            guard case .descriptor(let index, let offset) = tensor.storage else { continue }
            ends[index] = max(ends[index] ?? 0, offset + tensor.byteCount)
        }
        var memories: [Int: TensorMemory] = [:]
        for (index, end) in ends {
            guard let descriptor = descriptors.take(index) else { continue }
            guard case .sealed = SharedMemory.isSealed(descriptor.rawValue) else {
                throw UnsealedMemory()
            }
            memories[index] = try TensorMemory(
                sealed: try SharedMemory(owning: descriptor),
                byteCount: end
            )
        }
        return memories
    }
}

/// A result lies in memory that its worker could still change or cut.
private struct UnsealedMemory: Error, CustomStringConvertible {
    var description: String { "a tensor lies in memory that is not sealed" }
}

extension CallResult {
    init(_ head: ReplyHead, _ tensors: [Tensor]) {
        self.init(
            tensors: tensors,
            isDegraded: head.isDegraded,
            degradedWhy: head.isDegraded ? head.message : "",
            attempts: Int(head.attempts),
            queued: head.queued,
            executed: head.executed,
            device: head.device,
            worker: head.worker,
            incarnation: head.incarnation
        )
    }
}
