internal import LinuxSystem
internal import SupervisionKit

/// What happened to a group, bounded: what happens again is counted where it stands already.
///
/// The state tells what is; this only tells how it came to be so.
struct EventHistory {
    static let maxEntries = 32
    /// What happens again later than this is told anew, for it belongs to another trouble.
    static let foldWithin = Duration.seconds(600)

    struct Entry: Hashable {
        var kind: LogRecord.Kind
        var text: String
        var first: Instant
        var last: Instant
        var count = 1
    }

    /// By their first time.
    private(set) var entries: [Entry] = []
    /// Events of entries that made room for others.
    private(set) var dropped = 0
    /// Nothing is missing after this; nil when nothing was dropped.
    private(set) var droppedUntil: Instant?

    mutating func add(_ kind: LogRecord.Kind, _ text: String, at now: Instant) {
        let known = entries.lastIndex { entry in
            entry.text == text && now.since(entry.last) <= Self.foldWithin
        }
        if let known {
            entries[known].last = now
            entries[known].count += 1
            return
        }
        if entries.count == Self.maxEntries { dropStalest() }
        entries.append(Entry(kind: kind, text: text, first: now, last: now))
    }

    /// The one that has not happened for the longest time.
    private mutating func dropStalest() {
        guard let stalest = entries.indices.min(by: { entries[$0].last < entries[$1].last }) else {
            return
        }
        let entry = entries.remove(at: stalest)
        dropped += entry.count
        droppedUntil = max(entry.last, droppedUntil ?? entry.last)
    }
}

extension LogRecord {
    /// What the record says of an event in the life of a group; nil for other records.
    ///
    /// How long the next step takes differs each time, and the state tells it: it is left out, so
    /// that what happens again is seen to be the same.
    var eventText: String? {
        let past = String(message.prefix { $0 != ";" })
        switch kind {
        case .workerEnded, .workerBackoff, .breakerOpened: return past
        case .workerQuarantined: return past + "; quarantined"
        case .workerFailed: return past + "; not started again"
        case .workerReady, .workerStuck, .workerUnready, .kernelProblem,
            .breakerHalfOpen, .breakerClosed, .breakerOverridden:
            return message
        // How the group stands on its ladder is the state's to tell.
        case .alert: return String(message.prefix { $0 != ":" })
        // Who serves now is told at that level; each rung's finding is not.
        case .recovery: return level <= .notice ? message : nil
        // Its end says it again.
        case .workerKilled: return nil
        case .configured, .reloadRefused, .ready, .draining, .stopped, .workerStarting,
            .workerOutput, .deviceFault, .callRetried, .callLost, .badInput, .clientClosed,
            .daemonFault:
            return nil
        }
    }

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

extension Daemon {
    /// Keeps what the core says about a group.
    func remember(_ record: LogRecord) {
        guard let text = record.eventText, let group = group(of: record) else { return }
        let now = Instant(nanoseconds: Clock.now())
        histories[group, default: EventHistory()].add(record.kind, text, at: now)
    }

    private func group(of record: LogRecord) -> String? {
        if let group = record.field("GROUP") { return group }
        if let kernel = record.field("KERNEL") { return ask { $0.groupName(ofKernel: kernel) } }
        // A slot is named after its group.
        guard let worker = record.field("WORKER"), let end = worker.lastIndex(of: "/") else {
            return nil
        }
        return String(worker[..<end])
    }
}
