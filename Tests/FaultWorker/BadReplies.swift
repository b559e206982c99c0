internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// Replies that break the protocol.
///
/// Except for `twice`, the kernel hangs after its bad reply, so that the daemon's judgement and
/// nothing else ends the worker.
struct BadReplies {
    let channel: RawChannel
    let call: KernelCall

    func send(_ fault: Fault) {
        switch fault {
        case .twice:
            channel.send(reply())
            return
        case .wrongID:
            channel.send(reply(id: call.id ^ (1 << 63)))
        case .garbage:
            var generator = SystemRandomNumberGenerator()
            channel.send((0..<256).map { _ in UInt8.random(in: 0...255, using: &generator) })
        case .short:
            channel.send(Array(reply().prefix(40)))
        case .lie:
            var bytes = reply()
            // The length stands at byte 8 of each frame.
            bytes.overwrite(u32: UInt32(bytes.count) + 8, at: 8)
            channel.send(bytes)
        case .fdFlood:
            let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
            channel.send(reply(), descriptors: Array(repeating: file, count: 3))
            Glibc.close(file)
        case .unsealed:
            guard let memory = try? SharedMemory.create(name: "unsealed", byteCount: 8) else {
                break
            }
            channel.send(replyWithDescriptor(), descriptors: [memory.rawDescriptor])
        case .noMemfd:
            let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
            channel.send(replyWithDescriptor(), descriptors: [file])
            Glibc.close(file)
        case .echo, .count, .note, .sleep, .late, .fail, .crash, .abort, .exit, .hangKernel,
            .hangOutside, .leak, .close, .fork, .flaky, .flakyDevice, .corrupt, .chain, .flood,
            .callFlood:
            return
        }
        Death.hang()
    }

    private func reply(id: UInt64? = nil) -> [UInt8] {
        (try? ReplyFrame.encode(ReplyHead(id: id ?? call.id))) ?? []
    }

    private func replyWithDescriptor() -> [UInt8] {
        let tensor = OutgoingTensor(
            name: "x",
            type: .f32,
            shape: [2],
            payload: .descriptor(index: 0, offset: 0)
        )
        return
            (try? ReplyFrame.encode(
                ReplyHead(id: call.id),
                tensors: [tensor],
                descriptorCount: 1
            )) ?? []
    }
}
