internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire
internal import Synchronization

/// Calls that the running kernel makes of other kernels, over this worker's own channel.
extension Session {
    /// Sends a call and waits for its reply, on the compute thread.
    ///
    /// The wait has no end of its own: the daemon answers every call, at the latest when its
    /// deadline has passed, and at once when the call that runs here has ended.
    func call(_ child: ChildCall) throws(KernelFailure) -> [InputTensor] {
        let id = state.withLock { $0.makeChildID() }
        let packet = try child.encoded(id: id)
        // The reply, and a cancel before it, can only be heard by the other thread.
        if state.withLock({ $0.awaitReply(to: id) }) { timer.start(nanoseconds: 1) }
        do {
            try channel.send(packet, descriptors: child.descriptors)
        } catch {
            ProcessExit.fail(error)
        }
        return try child.results(in: waitForReply())
    }

    private func waitForReply() -> ReceivedFrame {
        while true {
            if let frame = state.withLock({ $0.takeReply() }) { return frame }
            var entry = pollfd(fd: replied.rawDescriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, -1)
            replied.clear()
        }
    }
}
