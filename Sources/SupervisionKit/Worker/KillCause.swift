/// Why the daemon ended a worker itself, where it did.
public enum KillCause: Hashable, Sendable {
    /// A cancel was not acknowledged in time.
    case hung(Hang?)
    /// It broke the protocol; the text says how.
    case misbehaved(String)
    /// It was not ready in time.
    case startTimedOut
    /// It closed its channel and lived on.
    case channelClosed
    /// Its probes went on failing; the text says how.
    case probesFailed(String)
    /// It was asked to stop and did not.
    case stopTimedOut

    /// "did not acknowledge a cancel and was killed".
    public var phrase: String { phrase(of: .signaled(name: "SIGKILL", coreDumped: false)) }

    /// As `phrase`; of a backup there is only the connection to end.
    func phrase(ofConnection isConnection: Bool) -> String {
        isConnection ? phrase(of: .disconnected("")) : phrase
    }

    /// As `phrase`, with what was seen of the process as it was killed.
    func phrase(of end: WorkerEnd) -> String {
        var seen: String?
        var fate = "killed"
        switch end {
        case .killedWhile(let what): seen = "it was " + what
        case .disconnected: fate = "disconnected"
        case .exited, .signaled, .outOfMemory, .notStarted: break
        }
        let (what, why): (String, String?) =
            switch self {
            case .hung(let hang): ("did not acknowledge a cancel", seen ?? hang?.phrase)
            case .misbehaved(let what): ("broke the protocol", what)
            case .startTimedOut: ("was not ready in time", seen)
            case .channelClosed: ("closed its channel", seen)
            case .probesFailed(let why):
                ("failed its probes", [why, seen].compactMap(\.self).joined(separator: "; "))
            case .stopTimedOut: ("did not stop in time", seen)
            }
        return what + (why.map { " (\($0))" } ?? "") + " and was \(fate)"
    }
}

/// What a worker that does not acknowledge a cancel is doing, by its heartbeats.
public enum Hang: Hashable, Sendable {
    /// Its progress went on after the cancel.
    case busy
    /// Its heartbeats went on and its progress did not.
    case inCall
    /// There were no heartbeats any more.
    case silent

    var phrase: String {
        switch self {
        case .busy: "it went on computing"
        case .inCall: "it hangs in its kernel or the driver: heartbeats went on, progress didn't"
        case .silent: "the whole process hangs: its heartbeats had stopped"
        }
    }
}

extension Hang {
    /// Heartbeats that may be missing before the process as a whole counts as hung.
    static let silence: Duration = .milliseconds(2500)

    /// Judges a worker whose call was handed over and recalled at these instants.
    ///
    /// - Returns: nil when it has had no time yet to send a heartbeat.
    init?(
        of heartbeat: Slot.Heartbeat?,
        handedOver: Instant,
        recalled: Instant,
        at now: Instant
    ) {
        guard let heartbeat, heartbeat.at >= handedOver else {
            guard now.since(handedOver) >= Self.silence else { return nil }
            self = .silent
            return
        }
        if now.since(heartbeat.at) >= Self.silence {
            self = .silent
        } else {
            let hasProgressed = heartbeat.progressedAt.map { $0 > recalled } ?? false
            self = hasProgressed ? .busy : .inCall
        }
    }
}
