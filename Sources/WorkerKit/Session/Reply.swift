internal import SupervisionKit
internal import SupervisionWire

/// One reply, ready to be sent.
struct Reply {
    let bytes: [UInt8]
    var descriptors: [Int32] { outputs.descriptors }
    private let outputs: PackedTensors

    /// A result.
    ///
    /// - Throws: `.kernelFailed` when the outputs are not what a frame can carry, or there is no
    ///   shared memory for them.
    init(
        _ result: KernelResult,
        to call: KernelCall,
        executed: Duration,
        welcome: WelcomeInfo
    ) throws(KernelFailure) {
        let outputs = try PackedTensors(result.outputs)
        let head = ReplyHead(
            id: call.id,
            executed: executed,
            device: call.deviceTime,
            incarnation: welcome.incarnation,
            worker: welcome.worker
        )
        do {
            bytes = try ReplyFrame.encode(
                head,
                tensors: outputs.tensors,
                descriptorCount: outputs.descriptors.count
            )
        } catch {
            throw KernelFailure(
                .kernelFailed,
                "\(call.kernel) gave outputs that cannot be sent: \(error.message)"
            )
        }
        self.outputs = outputs
    }

    /// A failure; one of a kernel that this one called is translated first.
    ///
    /// What only a client library can say (a lost connection), and a failure that claims a result,
    /// go out as what they are to the caller: the kernel ran and failed.
    init(
        _ failure: KernelFailure,
        to id: UInt64,
        executed: Duration = .zero,
        device: Duration = .zero,
        welcome: WelcomeInfo
    ) {
        let failure = failure.uncaught
        let head = ReplyHead(
            id: id,
            error: failure.error == .connectionLost ? .kernelFailed : failure.error,
            execution: failure.execution == .ran ? .ranAndFailed : failure.execution,
            retryAfter: failure.retryAfter,
            executed: executed,
            device: device,
            incarnation: welcome.incarnation,
            worker: welcome.worker,
            message: failure.message
        )
        do {
            bytes = try ReplyFrame.encode(head)
        } catch {
            // Name and message are cut to their limits and there are no tensors: nothing is left
            // that could not be encoded.
            preconditionFailure("a reply without tensors did not fit: \(error.message)")
        }
        outputs = PackedTensors()
    }
}
