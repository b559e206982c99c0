internal import Glibc
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// A kernel that misbehaves in one way.
final class FaultKernel: Kernel {
    let signature: KernelSignature
    private let fault: Fault
    private let next: String
    private let probeFault: ProbeFault?
    private let channel: RawChannel
    /// `corrupt` gives wrong numbers from now on.
    private var isCorrupt = false
    /// Runs of this kernel in this process.
    private var runs: UInt32 = 0

    init(_ served: ServedFault, options: Options, channel: RawChannel) {
        fault = served.fault
        next = served.next
        probeFault = options.probeFault
        self.channel = channel
        signature = KernelSignature(
            name: served.name,
            summary: fault.summary,
            isIdempotent: options.isIdempotent,
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
                exit: the code. leak and flood: how many MiB. crash and abort: how many counted \
                runs die, 0 for all; a later run gives all arguments back. flaky and flaky-device: \
                how many runs of a process fail. note: the number that is noted. chain: \
                milliseconds that the called kernel has, 0 for all.
                """
        ),
        .init(name: "x", direction: .output, type: .f32, shape: ["n"]),
    ]

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        // The runs of a known answer are no calls.
        let earlierRuns = fault == .corrupt ? 0 : RunCounter.count()
        let amount = call.input("amount")?.scalar(as: UInt32.self) ?? 0
        let wait = call.input("milliseconds")?.scalar(as: UInt32.self) ?? 0
        runs += 1
        switch fault {
        case .echo, .count:
            break
        case .note:
            if amount != 0 { RunCounter.note(amount) }
            try sleep(milliseconds: wait, call)
        case .sleep:
            try sleep(milliseconds: wait, call)
        case .late:
            usleep(wait &* 1000)
        case .fail:
            throw KernelFailure(.kernelFailed, "fault/fail failed as it was asked to")
        case .flaky, .flakyDevice:
            guard runs > amount else {
                throw KernelFailure(
                    fault == .flaky ? .kernelFailed : .deviceFailed,
                    "run \(runs) of this process failed, as the first \(amount) do"
                )
            }
        case .corrupt:
            defer { isCorrupt = isCorrupt || amount > 0 }
            guard !isCorrupt else { return FaultKernel.oneMore(call.inputs) }
        case .chain:
            return try chain(call, timeout: amount == 0 ? nil : .milliseconds(Int64(amount)))
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
        case .flood:
            try Flood.write(mebibytes: amount)
        case .twice, .wrongID, .garbage, .short, .lie, .fdFlood, .unsealed, .noMemfd:
            BadReplies(channel: channel, call: call).send(fault)
        case .callFlood:
            channel.floodWithCalls(of: call.id)
        case .close:
            channel.replaceBySilence()
            Death.hang()
        case .fork:
            channel.holdInChild()
        }
        return KernelResult(
            outputs: call.inputs.map { OutputTensor(name: $0.name, forwarding: $0) }
        )
    }

    /// Only `corrupt` is compared: the other faults have signs of their own.
    var knownAnswer: KnownAnswer? {
        let x: [Float] = [1, 2, 3]
        guard fault == .corrupt,
            let input = try? InputTensor(name: "x", shape: [3], elements: x)
        else { return nil }
        return KnownAnswer(
            inputs: [input],
            outputs: [.init(name: "x", shape: [3], elements: x)]
        )
    }

    func check() -> ProbeResult {
        probeFault?.answer() ?? .ok
    }

    private func chain(
        _ call: KernelCall,
        timeout: Duration?
    ) throws(KernelFailure) -> KernelResult {
        let results = try call.callKernel(
            next,
            inputs: call.inputs.map { OutputTensor(name: $0.name, forwarding: $0) },
            timeout: timeout
        )
        return FaultKernel.oneMore(results)
    }

    /// The tensors as they are, with one more in each element of `x`.
    private static func oneMore(_ tensors: [InputTensor]) -> KernelResult {
        KernelResult(
            outputs: tensors.map { tensor in
                guard tensor.name == "x", let elements = tensor.elements(as: Float.self) else {
                    return OutputTensor(name: tensor.name, forwarding: tensor)
                }
                return OutputTensor(
                    name: "x",
                    shape: tensor.shape,
                    elements: elements.map { $0 + 1 }
                )
            }
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
