internal import CLinux
internal import Glibc

extension PacketSocket {
    /// The descriptors that the kernel passes with one packet at most (SCM_MAX_FD).
    public static let maxDescriptors = 253

    /// Sends one packet, whole or not at all.
    ///
    /// Never raises SIGPIPE.
    ///
    /// - Parameters:
    ///   - bytes: the packet. It should not be empty: the other end could not tell it from the end.
    ///   - descriptors: up to 253 that go along; they stay open here and stay the caller's.
    /// - Returns: false when the call would have to wait; nothing was sent.
    /// - Throws: EPIPE or ECONNRESET when the other end is gone, EMSGSIZE for a packet above the
    ///   socket's buffer, EINVAL for too many descriptors, EBADF for one that is not open,
    ///   ETOOMANYREFS when too many descriptors are under way.
    public func send(
        _ bytes: UnsafeRawBufferPointer,
        descriptors: UnsafeBufferPointer<Int32>
    ) throws(SystemError) -> Bool {
        guard descriptors.count <= Self.maxDescriptors else {
            throw SystemError(
                "sendmsg",
                errno: EINVAL,
                subject: "\(descriptors.count) descriptors (at most \(Self.maxDescriptors))"
            )
        }
        let result = withUnsafeTemporaryAllocation(
            byteCount: clinux_cmsg_space(descriptors.count * MemoryLayout<Int32>.stride),
            alignment: MemoryLayout<cmsghdr>.alignment
        ) { control -> Result<Int?, SystemError> in
            // sendmsg does not write to the data although its declaration lets it.
            var part = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                iov_len: bytes.count
            )
            return withUnsafeMutablePointer(to: &part) { part in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                if !descriptors.isEmpty { message.attach(descriptors, using: control) }
                return Result { () throws(SystemError) -> Int? in
                    try retryingUnlessBlocked("sendmsg", "\(bytes.count) bytes") {
                        sendmsg(rawDescriptor, &message, clinux_msg_nosignal)
                    }
                }
            }
        }
        return try result.get() != nil
    }

    /// As above, from arrays.
    public func send(_ bytes: [UInt8], descriptors: [Int32] = []) throws(SystemError) -> Bool {
        let result = bytes.withUnsafeBytes { bytes in
            descriptors.withUnsafeBufferPointer { descriptors in
                Result { () throws(SystemError) -> Bool in
                    try send(bytes, descriptors: descriptors)
                }
            }
        }
        return try result.get()
    }
}

extension msghdr {
    /// Writes one SCM_RIGHTS control message with these descriptors.
    ///
    /// - Parameters:
    ///   - descriptors: not empty.
    ///   - control: room of exactly CMSG_SPACE for them, aligned as cmsghdr.
    fileprivate mutating func attach(
        _ descriptors: UnsafeBufferPointer<Int32>,
        using control: UnsafeMutableRawBufferPointer
    ) {
        // The padding behind the last descriptor is sent too; it must not carry this stack's bytes.
        control.initializeMemory(as: UInt8.self, repeating: 0)
        msg_control = control.baseAddress
        msg_controllen = control.count
        // The room is larger than a header, so the first one is there.
        guard let start = clinux_cmsg_first(&self) else { return }
        let header = start.assumingMemoryBound(to: cmsghdr.self)
        let byteCount = descriptors.count * MemoryLayout<Int32>.stride
        header.pointee.cmsg_level = SOL_SOCKET
        header.pointee.cmsg_type = clinux_scm_rights
        header.pointee.cmsg_len = clinux_cmsg_len(byteCount)
        clinux_cmsg_data(start).copyMemory(
            from: UnsafeRawPointer(descriptors.baseAddress.unsafelyUnwrapped),
            byteCount: byteCount
        )
    }
}
