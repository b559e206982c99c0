/// The frames of a worker's channel that are not calls: handshake, heartbeat, cancel, shutdown,
/// probes.
public enum WorkerFrame: Hashable, Sendable {
    /// worker → daemon, first of all: which versions it speaks and how many calls at once it takes.
    case hello(Hello)
    /// daemon → worker: accepted; who it is.
    case welcome(Welcome)
    /// worker → daemon: calls can come.
    case ready(Ready)
    /// worker → daemon, while a call runs: alive, and how far it is.
    case heartbeat(Heartbeat)
    /// daemon → worker, client → daemon, worker → daemon for a call of its own: end the call with
    /// this id; answered by its reply.
    case cancel(id: UInt64)
    /// daemon → worker: finish what runs, then exit with 0.
    case shutdown
    /// daemon → worker: the handshake is not accepted; exit with 76.
    case refuse(message: String)
    /// daemon → worker: say whether you, or one of your kernels, would serve a call.
    case probe(Probe)
    /// worker → daemon: the answer to a probe.
    case probed(Probed)

    public struct Hello: Hashable, Sendable {
        public var minimumVersion: UInt16
        public var maximumVersion: UInt16
        /// Calls that the worker takes at once, 1...1024.
        public var concurrency: UInt32
        /// One descriptor comes along: the read end of a pipe that hangs up when the worker dies.
        public var hasLifeline: Bool

        public init(
            minimumVersion: UInt16 = Limits.version,
            maximumVersion: UInt16 = Limits.version,
            concurrency: UInt32,
            hasLifeline: Bool = false
        ) {
            self.minimumVersion = minimumVersion
            self.maximumVersion = maximumVersion
            self.concurrency = concurrency
            self.hasLifeline = hasLifeline
        }
    }

    public struct Welcome: Hashable, Sendable {
        public var version: UInt16
        public var heartbeatMilliseconds: UInt32
        public var incarnation: UInt64
        /// The slot's name, `graph/pagerank/0`.
        public var worker: String

        public init(
            version: UInt16 = Limits.version,
            heartbeatMilliseconds: UInt32,
            incarnation: UInt64,
            worker: String
        ) {
            self.version = version
            self.heartbeatMilliseconds = heartbeatMilliseconds
            self.incarnation = incarnation
            self.worker = worker
        }
    }

    public struct Ready: Hashable, Sendable {
        /// The device that serves, in words: platform, name, driver.
        public var device: String
        public var kernels: [KernelSignature]

        public init(device: String, kernels: [KernelSignature]) {
            self.device = device
            self.kernels = kernels
        }
    }

    public struct Heartbeat: Hashable, Sendable {
        /// The call that runs; 0 for none.
        public var runningCall: UInt64
        /// Grows while the call advances: launches done, rows done; any unit.
        public var progress: UInt64
        /// Calls ended since the start.
        public var ended: UInt64

        public init(runningCall: UInt64, progress: UInt64, ended: UInt64) {
            self.runningCall = runningCall
            self.progress = progress
            self.ended = ended
        }
    }

    /// A question about a worker's health.
    public struct Probe: Hashable, Sendable {
        /// Chosen by the daemon; comes back with the answer.
        public var number: UInt64
        /// The kernel that is asked about; empty for the worker as a whole.
        public var kernel: String

        public init(number: UInt64, kernel: String = "") {
            self.number = number
            self.kernel = kernel
        }
    }

    /// The answer to a probe.
    public struct Probed: Hashable, Sendable {
        /// What the worker found.
        ///
        /// Raw values travel on the wire and never change.
        public enum Status: UInt16, CaseIterable, Sendable {
            /// A call now would be served.
            case ok = 0
            /// A call now would be served, but not as well as it should be.
            case degraded = 1
            /// A call now would fail.
            case failed = 2
            /// A call runs, and nothing was looked at.
            case busy = 3
        }

        /// The probe's.
        public var number: UInt64
        public var status: Status
        /// What was found, for people; at most 1024 bytes travel.
        public var message: String

        public init(number: UInt64, status: Status, message: String = "") {
            self.number = number
            self.status = status
            self.message = message
        }
    }
}
