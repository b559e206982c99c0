/// Varlink's framing: JSON objects on a stream, each ended by a NUL byte (https://varlink.org).
public enum VarlinkFrame {
    /// Bytes of one request, without its NUL; ours take at most a name.
    public static let maxRequestBytes = 64 * 1024
    /// Bytes of one reply, without its NUL: a thousand kernels with their documentation fit.
    public static let maxReplyBytes = 16 * 1024 * 1024

    /// The message as it goes over the socket.
    public static func joined(_ message: [UInt8]) -> [UInt8] {
        message + [0]
    }

    /// The peer sent more than the limit without a NUL; the connection is of no more use.
    public struct TooLarge: Error, Hashable, Sendable {
        public let limit: Int

        public init(limit: Int) {
            self.limit = limit
        }
    }

    /// Cuts a stream into messages.
    ///
    /// Feed what was read, then take messages until there is none.
    public struct Splitter: Sendable {
        /// Bytes that one message may have.
        public let limit: Int
        private var buffer: [UInt8] = []
        /// Bytes at the buffer's start that were given out.
        private var taken = 0
        /// Bytes up to which there is no NUL, so that no byte is looked at twice.
        private var scanned = 0

        public init(limit: Int = VarlinkFrame.maxRequestBytes) {
            self.limit = limit
        }

        /// Bytes that wait for the rest of their message or for `next`.
        public var bufferedBytes: Int { buffer.count - taken }

        public mutating func append(_ bytes: some Collection<UInt8>) {
            if taken > 0 {
                buffer.removeFirst(taken)
                scanned -= taken
                taken = 0
            }
            buffer.append(contentsOf: bytes)
        }

        /// The next whole message without its NUL; nil when there is none yet.
        ///
        /// - Throws: when the message under way is longer than `limit`; each later call throws too.
        public mutating func next() throws(TooLarge) -> [UInt8]? {
            while scanned < buffer.count {
                guard scanned - taken <= limit else { throw TooLarge(limit: limit) }
                if buffer[scanned] == 0 {
                    let message = Array(buffer[taken..<scanned])
                    scanned += 1
                    taken = scanned
                    return message
                }
                scanned += 1
            }
            guard scanned - taken <= limit else { throw TooLarge(limit: limit) }
            return nil
        }
    }
}
