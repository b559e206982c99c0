extension Status {
    /// Which configuration is in force, and what became of the last try to replace it.
    public struct Configuration: Codable, Hashable, Sendable {
        public enum State: String, Codable, Hashable, Sendable, CaseIterable {
            case inForce = "in_force"
            /// The files were changed and are wrong: the configuration of `loadedAt` goes on.
            case reloadRefused = "reload_refused"
        }

        public var path: String
        public var loadedAt: Timestamp
        public var state: State
        /// One sentence an error, with file and line; empty when in force.
        public var errors: [String]

        enum CodingKeys: String, CodingKey {
            case path
            case loadedAt = "loaded_at"
            case state
            case errors
        }

        public init(path: String, loadedAt: Timestamp, state: State, errors: [String] = []) {
            self.path = path
            self.loadedAt = loadedAt
            self.state = state
            self.errors = errors
        }
    }

    /// Calls since the start, and those that are on their way now.
    public struct Calls: Codable, Hashable, Sendable {
        /// Let in: each of them ends as ok or failed, once.
        public var accepted: Int
        public var ok: Int
        public var failed: Int
        /// Not let in: nothing of them ran.
        public var refused: Int
        /// Attempts after the first one.
        public var retried: Int
        public var inFlight: Int
        public var queued: Int

        enum CodingKeys: String, CodingKey {
            case accepted, ok, failed, refused, retried, queued
            case inFlight = "in_flight"
        }

        public init(
            accepted: Int = 0,
            ok: Int = 0,
            failed: Int = 0,
            refused: Int = 0,
            retried: Int = 0,
            inFlight: Int = 0,
            queued: Int = 0
        ) {
            self.accepted = accepted
            self.ok = ok
            self.failed = failed
            self.refused = refused
            self.retried = retried
            self.inFlight = inFlight
            self.queued = queued
        }
    }

    /// Where the daemon listens: absolute paths.
    public struct Sockets: Codable, Hashable, Sendable {
        public var calls: String
        public var control: String

        public init(calls: String, control: String) {
            self.calls = calls
            self.control = control
        }
    }
}
