internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

extension KernelCall {
    /// Calls another kernel of the same daemon and waits for its outputs.
    ///
    /// The call is part of this one: it carries its trace, ends with it, and its deadline is never
    /// later. Cancels and heartbeats go on while it waits, and its end counts as a step done. The
    /// daemon refuses with `.chainRefused` what goes too deep or in a circle, and what only a
    /// worker that waits for it could serve.
    ///
    /// A failure that is not caught ends this call too, as `.ranAndFailed`: with the same error
    /// where that says nothing against this worker or the arguments of this call (deadline,
    /// cancel, a worker lost, a refusal), with `.unavailable` for an overloaded kernel, else with
    /// `.kernelFailed`.
    ///
    /// - Parameters:
    ///   - name: the kernel, `graph/pagerank`.
    ///   - inputs: its arguments; an input of this call is passed on with
    ///     `OutputTensor(name:forwarding:)`, without a copy where it came in shared memory.
    ///   - timeout: from now; nil for all the time that this call has.
    ///   - isIdempotent: a second run does no harm, so that the daemon may try again what was
    ///     handed to a worker.
    ///   - key: names the content for the list of poisoned calls; 0 for none.
    /// - Returns: the outputs, valid for as long as they are kept.
    /// - Throws: the called kernel's failure, with its error and execution and a message that names
    ///   it; `.cancelled` or `.deadlineExceeded` when this call has ended before;
    ///   `.invalidArgument` when no frame can carry the call; `.unavailable` for a call that came
    ///   from no daemon.
    public func callKernel(
        _ name: String,
        inputs: [OutputTensor] = [],
        timeout: Duration? = nil,
        isIdempotent: Bool = false,
        key: UInt64 = 0
    ) throws(KernelFailure) -> [InputTensor] {
        guard let session else {
            throw KernelFailure(
                .unavailable,
                "kernel '\(name)' cannot be called: this call of \(kernel) came from no daemon"
            )
        }
        try checkCancellation()
        let head = CallHead(
            id: 0,
            flags: isIdempotent ? .idempotent : [],
            deadline: deadline(ofChildWith: timeout),
            parent: id,
            trace: trace,
            key: key
        )
        // An answer is a step done, whatever it says.
        defer { advance() }
        return try session.call(try ChildCall(name, head, inputs: inputs))
    }

    /// `.zero` where neither this call nor the child has a deadline.
    private func deadline(ofChildWith timeout: Duration?) -> Instant {
        let byTimeout = timeout.map { Instant(nanoseconds: Clock.now()) + max($0, .zero) }
        let earlier = min(deadline, byTimeout ?? .distantFuture)
        return earlier == .distantFuture ? .zero : earlier
    }
}
