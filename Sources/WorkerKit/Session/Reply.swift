internal import SupervisionKit
internal import SupervisionWire

/// One reply, ready to be sent.
///
/// Keeps what its descriptors belong to alive until then.
struct Reply {
    let bytes: [UInt8]
    let descriptors: [Int32]
    private let outputs: [OutputTensor]

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
        var outputs = result.outputs
        try Reply.shrinkInlineBytes(of: &outputs)
        var descriptors: [Int32] = []
        var tensors: [OutgoingTensor] = []
        tensors.reserveCapacity(outputs.count)
        for output in outputs {
            tensors.append(output.outgoing(&descriptors))
        }
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
                tensors: tensors,
                descriptorCount: descriptors.count
            )
        } catch {
            throw KernelFailure(
                .kernelFailed,
                "\(call.kernel) gave outputs that cannot be sent: \(error.message)"
            )
        }
        self.descriptors = descriptors
        self.outputs = outputs
    }

    /// A failure.
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
        let head = ReplyHead(
            id: id,
            error: failure.error == .connectionLost ? .kernelFailed : failure.error,
            execution: failure.execution == .ran ? .ranAndFailed : failure.execution,
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
        descriptors = []
        outputs = []
    }

    /// Moves the largest tensors into shared memory until the rest fits into one frame.
    private static func shrinkInlineBytes(of outputs: inout [OutputTensor]) throws(KernelFailure) {
        // A tensor takes up to seven bytes more than it has: each starts at a multiple of eight.
        func paddedSize(_ output: OutputTensor) -> Int { (output.inlineByteCount + 7) & ~7 }
        var total = outputs.reduce(0) { $0 + paddedSize($1) }
        while total > Limits.maxInlineBytes {
            guard
                let largest = outputs.indices.max(by: {
                    paddedSize(outputs[$0]) < paddedSize(outputs[$1])
                })
            else { return }
            total -= paddedSize(outputs[largest])
            try outputs[largest].moveToSharedMemory()
        }
    }
}

extension OutputTensor {
    /// The tensor for the encoder; its descriptor, where it has one, is appended once.
    fileprivate func outgoing(_ descriptors: inout [Int32]) -> OutgoingTensor {
        let payload: OutgoingTensor.Payload
        switch storage {
        case .inline(let bytes):
            payload = .bytes(bytes)
        case .shared(let memory):
            payload = .descriptor(index: descriptors.count, offset: 0)
            descriptors.append(memory.descriptor)
        case .forwarded(let input):
            if let origin = input.origin {
                let known = descriptors.firstIndex(of: origin.descriptor)
                payload = .descriptor(index: known ?? descriptors.count, offset: origin.offset)
                if known == nil { descriptors.append(origin.descriptor) }
            } else {
                payload = .bytes(Array(input.bytes))
            }
        }
        return OutgoingTensor(name: name, type: type, shape: shape, payload: payload)
    }
}
