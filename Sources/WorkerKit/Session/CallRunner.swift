internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// Turns a received call into a reply: checks it, finds its kernel, runs it.
///
/// Used on the compute thread only. Whatever is wrong with a call becomes a reply: calls come from
/// clients, and a bad client must not cost a worker its life.
final class CallRunner {
    private let kernels: [String: any Kernel]
    private let problems: [String: String]
    private let session: Session
    private var welcome: WelcomeInfo { session.welcome }

    init(_ kernels: [(signature: KernelSignature, kernel: any Kernel)], session: Session) {
        var byName: [String: any Kernel] = [:]
        var problems: [String: String] = [:]
        for (signature, kernel) in kernels {
            byName[signature.name] = kernel
            if !signature.problem.isEmpty { problems[signature.name] = signature.problem }
        }
        self.kernels = byName
        self.problems = problems
        self.session = session
    }

    func reply(to received: ReceivedCall) -> Reply {
        let id = received.control.id
        let started = Instant(nanoseconds: Clock.now())
        let call: KernelCall
        let kernel: any Kernel
        do {
            let frame = try decode(received, at: started)
            kernel = try find(frame.kernel)
            call = KernelCall(
                frame.head,
                kernel: frame.kernel,
                inputs: try inputs(of: frame, received),
                control: received.control,
                session: session
            )
        } catch {
            return Reply(error, to: id, welcome: welcome)
        }
        do {
            let result = try kernel.run(call)
            return try Reply(
                result,
                to: call,
                executed: Instant(nanoseconds: Clock.now()).since(started),
                welcome: welcome
            )
        } catch {
            return Reply(
                error,
                to: id,
                executed: Instant(nanoseconds: Clock.now()).since(started),
                device: call.deviceTime,
                welcome: welcome
            )
        }
    }

    /// The deadline comes first: a call that nobody waits for is not even read.
    private func decode(
        _ received: ReceivedCall,
        at now: Instant
    ) throws(KernelFailure) -> CallFrame {
        let header = received.header
        let head = received.buffer.withSpan { CallFrame.head(of: $0, header: header) }
        guard head.deadline == .zero || now < head.deadline else {
            throw KernelFailure(
                .deadlineExceeded,
                "the deadline passed before the call started",
                execution: .notRun
            )
        }
        guard !received.isMissingDescriptors else {
            throw KernelFailure(
                .overloaded,
                "the worker has no room for the call's \(header.descriptorCount) descriptors: "
                    + "its limit of open files is reached"
            )
        }
        guard received.descriptors.values.count == Int(header.descriptorCount) else {
            throw KernelFailure(
                .malformedFrame,
                "the call announces \(header.descriptorCount) descriptors, "
                    + "\(received.descriptors.values.count) came"
            )
        }
        do {
            return try received.buffer.withSpan { bytes throws(WireError) in
                try CallFrame(decoding: bytes, header: header)
            }
        } catch {
            throw KernelFailure(.malformedFrame, error.message)
        }
    }

    private func find(_ name: String) throws(KernelFailure) -> any Kernel {
        guard let kernel = kernels[name] else {
            let hint = nearest(name, among: kernels.keys).map { " (did you mean '\($0)'?)" } ?? ""
            throw KernelFailure(.unknownKernel, "this worker serves no kernel '\(name)'\(hint)")
        }
        if let problem = problems[name] {
            throw KernelFailure(.buildFailed, problem)
        }
        return kernel
    }

    private func inputs(
        of frame: CallFrame,
        _ received: ReceivedCall
    ) throws(KernelFailure) -> [InputTensor] {
        var inputs: [InputTensor] = []
        inputs.reserveCapacity(frame.tensors.count)
        for entry in frame.tensors {
            inputs.append(
                try InputTensor(entry, frame: received.buffer, descriptors: received.descriptors)
            )
        }
        return inputs
    }
}
