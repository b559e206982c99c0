internal import Glibc
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// A kernel that misbehaves in one way.
final class FaultKernel: Kernel {
    let signature: KernelSignature
    private let fault: Fault
    private let channel: RawChannel

    init(_ fault: Fault, name: String, isIdempotent: Bool, channel: RawChannel) {
        self.fault = fault
        self.channel = channel
        signature = KernelSignature(
            name: name,
            summary: fault.summary,
            isIdempotent: isIdempotent,
            arguments: FaultKernel.arguments
        )
    }

    /// The same for each fault; what is not used is not looked at, and more is echoed.
    private static let arguments: [KernelSignature.Argument] = [
        .init(name: "x", direction: .input, type: .f32, shape: ["n"], documentation: "Echoed."),
        .init(
            name: "milliseconds",
            direction: .input,
            type: .u32,
            shape: [],
            defaultValue: "0",
            documentation: "How long to wait."
        ),
        .init(
            name: "amount",
            direction: .input,
            type: .u32,
            shape: [],
            defaultValue: "0",
            documentation: """
                exit: the code. leak: how many MiB. crash and abort: how many counted runs die, 0 \
                for all; a later run gives all arguments back.
                """
        ),
        .init(name: "x", direction: .output, type: .f32, shape: ["n"]),
    ]

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        let earlierRuns = RunCounter.count()
        let amount = call.input("amount")?.scalar(as: UInt32.self) ?? 0
        let wait = call.input("milliseconds")?.scalar(as: UInt32.self) ?? 0
        switch fault {
        case .echo, .count:
            break
        case .sleep:
            try sleep(milliseconds: wait, call)
        case .late:
            usleep(wait &* 1000)
        case .fail:
            throw KernelFailure(.kernelFailed, "fault/fail failed as it was asked to")
        case .crash, .abort:
            guard amount > 0, earlierRuns >= amount else {
                Death.bySignal(fault == .crash ? SIGSEGV : SIGABRT)
            }
        case .exit:
            _exit(Int32(truncatingIfNeeded: amount))
        case .hangKernel:
            Death.hang()
        case .hangOutside:
            raise(SIGSTOP)
        case .leak:
            try Leak.take(mebibytes: amount)
        case .twice, .wrongID, .garbage, .short, .lie, .fdFlood, .unsealed, .noMemfd:
            BadReplies(channel: channel, call: call).send(fault)
        case .close:
            channel.replaceBySilence()
            Death.hang()
        }
        return KernelResult(
            outputs: call.inputs.map { OutputTensor(name: $0.name, forwarding: $0) }
        )
    }

    private func sleep(milliseconds: UInt32, _ call: KernelCall) throws(KernelFailure) {
        for _ in 0..<milliseconds {
            try call.checkCancellation()
            usleep(1000)
            call.advance()
        }
        try call.checkCancellation()
    }
}
