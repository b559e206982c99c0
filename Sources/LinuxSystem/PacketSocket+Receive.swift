internal import CLinux
internal import Glibc

extension PacketSocket {
    /// What a look for the next packet found.
    public enum Received: Hashable, Sendable {
        /// A packet whose first `byteCount` bytes are in the buffer.
        ///
        /// - isTruncated: the packet was longer than the buffer; the rest is gone.
        /// - descriptorsLost: some descriptors did not fit or this process cannot have more of
        ///   them. Those that did arrive have been closed, because nobody could tell which is
        ///   which.
        case packet(byteCount: Int, isTruncated: Bool, descriptorsLost: Bool)
        /// There is none now.
        case wouldBlock
        /// The other end is gone, and everything that it sent has been received.
        case closed
    }

    /// Receives one packet.
    ///
    /// An empty packet cannot be told from the end of the connection and counts as that; no frame
    /// is empty, and who sends one loses the connection. Descriptors that it brings are closed.
    ///
    /// - Parameters:
    ///   - buffer: takes the packet; not empty.
    ///   - descriptors: gets what comes along appended, close-on-exec; the caller owns and closes
    ///     them.
    ///   - maximumDescriptors: how many the caller takes, 0...253. More count as lost.
    /// - Returns: what came.
    /// - Throws: what recvmsg reports; not the end of the connection, which is `closed`.
    public func receive(
        into buffer: UnsafeMutableRawBufferPointer,
        descriptors: inout [Int32],
        maximumDescriptors: Int = PacketSocket.maxDescriptors
    ) throws(SystemError) -> Received {
        precondition(buffer.count > 0, "a packet needs a buffer")
        let room = max(0, min(maximumDescriptors, Self.maxDescriptors)) * MemoryLayout<Int32>.stride
        let firstNew = descriptors.count
        let result = withUnsafeTemporaryAllocation(
            byteCount: clinux_cmsg_space(room),
            alignment: MemoryLayout<cmsghdr>.alignment
        ) { control -> Result<Received, SystemError> in
            var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
            return withUnsafeMutablePointer(to: &part) { part in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                // CMSG_LEN and not CMSG_SPACE: the kernel would use the padding for one descriptor
                // more.
                message.msg_controllen = clinux_cmsg_len(room)
                return Result { () throws(SystemError) -> Received in
                    try receive(&message, descriptors: &descriptors)
                }
            }
        }
        switch try result.get() {
        case .packet(let byteCount, let isTruncated, let descriptorsLost):
            if descriptorsLost || byteCount == 0 { descriptors.closeAll(from: firstNew) }
            guard byteCount > 0 else { return .closed }
            return .packet(
                byteCount: byteCount,
                isTruncated: isTruncated,
                descriptorsLost: descriptorsLost
            )
        case .wouldBlock: return .wouldBlock
        case .closed: return .closed
        }
    }

    /// One recvmsg; descriptors that it brings are appended whatever else the packet is.
    private func receive(
        _ message: inout msghdr,
        descriptors: inout [Int32]
    ) throws(SystemError) -> Received {
        let byteCount: Int?
        do {
            byteCount = try retryingUnlessBlocked("recvmsg", "descriptor \(rawDescriptor)") {
                recvmsg(rawDescriptor, &message, clinux_msg_cmsg_cloexec)
            }
        } catch {
            // The other end closed with packets of ours unread.
            guard error.errno == ECONNRESET else { throw error }
            return .closed
        }
        guard let byteCount else { return .wouldBlock }
        message.appendDescriptors(to: &descriptors)
        return .packet(
            byteCount: byteCount,
            isTruncated: message.msg_flags & clinux_msg_trunc != 0,
            descriptorsLost: message.msg_flags & clinux_msg_ctrunc != 0
        )
    }
}

extension msghdr {
    /// Appends the descriptors of all SCM_RIGHTS control messages.
    fileprivate mutating func appendDescriptors(to descriptors: inout [Int32]) {
        var next = clinux_cmsg_first(&self)
        while let start = next {
            let header = start.assumingMemoryBound(to: cmsghdr.self)
            let isRights =
                header.pointee.cmsg_level == SOL_SOCKET
                && header.pointee.cmsg_type == clinux_scm_rights
            if isRights {
                let byteCount = header.pointee.cmsg_len - clinux_cmsg_len(0)
                let data = UnsafeRawBufferPointer(start: clinux_cmsg_data(start), count: byteCount)
                // The data follows a header that is aligned to eight bytes, so it is aligned to
                // four.
                descriptors.append(contentsOf: data.bindMemory(to: Int32.self))
            }
            next = clinux_cmsg_next(&self, start)
        }
    }
}

extension [Int32] {
    /// Closes the descriptors from this index on and removes them.
    fileprivate mutating func closeAll(from index: Int) {
        for descriptor in self[index...] { _ = close(descriptor) }
        removeSubrange(index...)
    }
}
