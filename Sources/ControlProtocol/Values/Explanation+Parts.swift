extension Explanation {
    /// A value in force.
    public struct Limit: Codable, Hashable, Sendable {
        /// With its table: `recovery.max_restarts`.
        public var key: String
        /// As it would stand in a file.
        public var value: String
        /// `path:line:column`, `default`, and the like.
        public var origin: String

        public init(key: String, value: String, origin: String) {
            self.key = key
            self.value = value
            self.origin = origin
        }
    }

    /// What the daemon is going to do.
    public struct ExpectedAction: Codable, Hashable, Sendable {
        /// One word, as in `NextAction`.
        public var action: String
        public var text: String
        /// nil when no instant is set.
        @OrNull public var at: Timestamp?
        /// Seconds from the reply to `at`.
        @OrNull public var inSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case action, text, at
            case inSeconds = "in_s"
        }

        public init(action: String, text: String, at: Timestamp? = nil, inSeconds: Double? = nil) {
            self.action = action
            self.text = text
            self.at = at
            self.inSeconds = inSeconds
        }
    }

    /// Something that a person can do.
    public struct Advice: Codable, Hashable, Sendable {
        /// For a shell, whole as it stands.
        public var command: String
        public var purpose: String

        public init(command: String, purpose: String) {
            self.command = command
            self.purpose = purpose
        }
    }

    /// What a worker of a slot wrote last.
    public struct LastWords: Codable, Hashable, Sendable {
        public struct Line: Codable, Hashable, Sendable {
            /// When it was read.
            public var at: Timestamp
            public var stream: Stream
            public var text: String
            public var marks: [Mark]

            public init(at: Timestamp, stream: Stream, text: String, marks: [Mark] = []) {
                self.at = at
                self.stream = stream
                self.text = text
                self.marks = marks
            }
        }

        public enum Stream: String, Codable, Hashable, Sendable, CaseIterable {
            case stdout
            case stderr
        }

        public enum Mark: String, Codable, Hashable, Sendable, CaseIterable {
            /// Longer than 2048 bytes: it goes on in the next line.
            case cut
            /// The worker ended before a newline.
            case unfinished
            /// Bytes that are no UTF-8 were replaced.
            case repaired
            /// Control characters were replaced by pictures of them.
            case controls
        }

        public var slot: String
        public var incarnation: UInt64
        public var pid: Int
        /// Lines that this worker has written in all.
        public var total: Int
        /// The last of them, at most 20, oldest first.
        public var lines: [Line]
        /// How it ended after that, "exited with status 3"; nil while it lives.
        @OrNull public var end: String?
        @OrNull public var endedAt: Timestamp?

        enum CodingKeys: String, CodingKey {
            case slot, incarnation, pid, total, lines, end
            case endedAt = "ended_at"
        }

        public init(
            slot: String,
            incarnation: UInt64,
            pid: Int,
            total: Int,
            lines: [Line],
            end: String? = nil,
            endedAt: Timestamp? = nil
        ) {
            self.slot = slot
            self.incarnation = incarnation
            self.pid = pid
            self.total = total
            self.lines = lines
            self.end = end
            self.endedAt = endedAt
        }
    }

    /// What became of the lines that the workers of a slot wrote, all of them together.
    ///
    /// `written` is the sum of the others.
    public struct OutputAccount: Codable, Hashable, Sendable {
        public var slot: String
        public var written: Int
        public var logged: Int
        /// By the rate limit.
        public var suppressed: Int
        /// Because the log took nothing.
        public var lost: Int

        public init(slot: String, written: Int, logged: Int, suppressed: Int, lost: Int) {
            self.slot = slot
            self.written = written
            self.logged = logged
            self.suppressed = suppressed
            self.lost = lost
        }
    }

    /// What happened to the group; the state itself does not depend on it.
    public struct Events: Codable, Hashable, Sendable {
        /// From then on nothing is missing.
        public var from: Timestamp
        /// Events before that.
        public var dropped: Int
        /// By their first time.
        public var list: [Event]

        public init(from: Timestamp, dropped: Int = 0, list: [Event] = []) {
            self.from = from
            self.dropped = dropped
            self.list = list
        }
    }

    /// The same thing, once or more often.
    public struct Event: Codable, Hashable, Sendable {
        public var first: Timestamp
        public var last: Timestamp
        public var count: Int
        /// As `kind` of the log's records: `worker_backoff`.
        public var kind: String
        public var text: String

        public init(
            first: Timestamp,
            last: Timestamp,
            count: Int = 1,
            kind: String,
            text: String
        ) {
            self.first = first
            self.last = last
            self.count = count
            self.kind = kind
            self.text = text
        }
    }
}
