internal import CSystemd
internal import Glibc
internal import LinuxSystem

/// The watched descriptors of one priority: an epoll of their own, which the loop watches as one
/// source.
///
/// libsystemd dispatches one source for each of its waits, and each wait asks every descriptor that
/// is ready again what it is ready for. With a source for each descriptor, a thousand workers that
/// die together would cost a million questions. Here a wait asks no more descriptors than it hands
/// out, and a turn of the loop hands out several.
final class ReadySet {
    /// Descriptors that are handed out in one turn, so that signals and timers get theirs.
    static let maxPerTurn = 16

    private struct Entry {
        let descriptor: Int32
        var events: ReadyEvents
        var isEnabled = true
        let handler: @Sendable (ReadyEvents) -> Void
    }

    private let epoll: FileDescriptor
    /// Those that go first.
    private let ahead: ReadySet?
    /// All of those do, and not only so many as a turn hands out.
    private let waitsForAll: Bool
    /// By a number that is used once.
    ///
    /// Of an event at hand whose watch has ended in the meantime nothing is found here, also when
    /// the descriptor's number is that of another watch by now.
    private var entries: [UInt64: Entry] = [:]
    private var nextKey: UInt64 = 0
    private var batch = [epoll_event](repeating: epoll_event(), count: maxPerTurn)
    private var source: OpaquePointer?

    init(
        in event: OpaquePointer,
        _ priority: EventPriority,
        behind ahead: ReadySet?
    ) throws(SystemError) {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("epoll_create1", errno: errno) }
        epoll = FileDescriptor(owning: descriptor)
        self.ahead = ahead
        waitsForAll = priority == .starts
        let added = sd_event_add_io(
            event,
            &source,
            descriptor,
            EPOLLIN.rawValue,
            { _, _, _, userdata in
                guard let userdata else { return 0 }
                // The set lives as long as the loop, which holds it.
                Unmanaged<ReadySet>.fromOpaque(userdata).takeUnretainedValue().dispatch()
                return 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        guard added >= 0 else { throw SystemError("sd_event_add_io", errno: -added) }
        sd_event_source_set_priority(source, priority.level)
    }

    deinit {
        sd_event_source_disable_unref(source)
    }

    // MARK: - Watches

    /// Returns the key of the watch.
    func add(
        _ descriptor: Int32,
        _ events: ReadyEvents,
        _ handler: @escaping @Sendable (ReadyEvents) -> Void
    ) throws(SystemError) -> UInt64 {
        let key = nextKey
        let entry = Entry(descriptor: descriptor, events: events, handler: handler)
        guard control(EPOLL_CTL_ADD, entry, key) else {
            throw SystemError("epoll_ctl", errno: errno)
        }
        entries[key] = entry
        nextKey += 1
        return key
    }

    func setEvents(_ events: ReadyEvents, of key: UInt64) {
        guard var entry = entries[key], entry.events != events else { return }
        entry.events = events
        entries[key] = entry
        if entry.isEnabled { _ = control(EPOLL_CTL_MOD, entry, key) }
    }

    /// One that is disabled leaves epoll, which would tell of its hang-up otherwise.
    func setEnabled(_ isEnabled: Bool, of key: UInt64) {
        guard var entry = entries[key], entry.isEnabled != isEnabled else { return }
        entry.isEnabled = isEnabled
        entries[key] = entry
        _ = control(isEnabled ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, entry, key)
    }

    func remove(_ key: UInt64) {
        guard let entry = entries.removeValue(forKey: key), entry.isEnabled else { return }
        _ = control(EPOLL_CTL_DEL, entry, key)
    }

    private func control(_ operation: Int32, _ entry: Entry, _ key: UInt64) -> Bool {
        var event = epoll_event()
        event.events = entry.events.rawValue
        event.data.u64 = key
        return epoll_ctl(epoll.rawValue, operation, entry.descriptor, &event) == 0
    }

    // MARK: - Dispatch

    /// Hands out what is ready now, once each, behind all that goes first, also beyond the bound
    /// of a turn.
    func dispatchAll() {
        ahead?.dispatchAll()
        var left = entries.count
        while left > 0 {
            let count = dispatch()
            guard count == batch.count else { return }
            left -= count
        }
    }

    /// Hands out what is ready, each time behind what goes first.
    ///
    /// - Returns: how many there were.
    @discardableResult
    private func dispatch() -> Int {
        let count = Int(epoll_wait(epoll.rawValue, &batch, Int32(batch.count), 0))
        guard count > 0 else { return 0 }
        for index in 0..<count {
            if waitsForAll { ahead?.dispatchAll() } else { ahead?.dispatch() }
            dispatch(batch[index])
        }
        return count
    }

    private func dispatch(_ event: epoll_event) {
        guard let entry = entries[event.data.u64], entry.isEnabled else { return }
        let ready = ReadyEvents(rawValue: event.events)
            .intersection(entry.events.union([.hungUp, .failed]))
        if !ready.isEmpty { entry.handler(ready) }
    }
}
