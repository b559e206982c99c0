internal import SupervisionKit
internal import SupervisionWire

/// A kernel's call of another kernel, as it goes out and as its reply is read.
struct ChildCall {
    private let kernel: String
    private let head: CallHead
    private let inputs: PackedTensors

    var descriptors: [Int32] { inputs.descriptors }

    /// - Parameters:
    ///   - kernel: the name that is called.
    ///   - head: all of the routing part but the id.
    ///   - inputs: the arguments.
    /// - Throws: `.kernelFailed` when there is no shared memory for the arguments.
    init(_ kernel: String, _ head: CallHead, inputs: [OutputTensor]) throws(KernelFailure) {
        self.kernel = kernel
        self.head = head
        self.inputs = try PackedTensors(inputs)
    }

    /// - Throws: `.invalidArgument` when the name or the arguments are not what a frame carries.
    func encoded(id: UInt64) throws(KernelFailure) -> [UInt8] {
        var head = head
        head.id = id
        do {
            return try CallFrame.encode(
                head,
                kernel: kernel,
                tensors: inputs.tensors,
                descriptorCount: inputs.descriptors.count
            )
        } catch {
            throw failure(.invalidArgument, "cannot be called: \(error.message)", .notRun)
        }
    }

    /// The outputs in a reply.
    ///
    /// The frame's buffer stays theirs and never goes back to the session.
    ///
    /// - Throws: the failure that the reply states; with `.answerLost` one for a result that
    ///   cannot be read.
    func results(in frame: ReceivedFrame) throws(KernelFailure) -> [InputTensor] {
        let reply = try decode(frame)
        if let error = reply.head.error {
            throw failure(
                error,
                "ended with \(error.name): \(reply.head.message)",
                reply.head.execution,
                retryAfter: reply.head.retryAfter
            )
        }
        guard !frame.isMissingDescriptors,
            frame.descriptors.values.count == Int(frame.header.descriptorCount)
        else {
            throw failure(
                .overloaded,
                "gave \(frame.header.descriptorCount) descriptors, for which this worker has no "
                    + "room: its limit of open files is reached",
                .answerLost
            )
        }
        var results: [InputTensor] = []
        results.reserveCapacity(reply.tensors.count)
        for entry in reply.tensors {
            do {
                results.append(
                    try InputTensor(entry, frame: frame.buffer, descriptors: frame.descriptors)
                )
            } catch {
                throw unreadable(error.message)
            }
        }
        return results
    }

    private func decode(_ frame: ReceivedFrame) throws(KernelFailure) -> ReplyFrame {
        do {
            return try frame.buffer.withSpan { bytes throws(WireError) in
                try ReplyFrame(decoding: bytes, header: frame.header)
            }
        } catch {
            throw unreadable(error.message)
        }
    }

    private func unreadable(_ reason: String) -> KernelFailure {
        failure(.malformedFrame, "gave a reply that cannot be read: \(reason)", .answerLost)
    }

    private func failure(
        _ error: CallError,
        _ what: String,
        _ execution: Execution,
        retryAfter: Duration = .zero
    ) -> KernelFailure {
        var failure = KernelFailure(error, "kernel '\(kernel)' \(what)", execution: execution)
        failure.retryAfter = retryAfter
        failure.isOfChild = true
        return failure
    }
}
