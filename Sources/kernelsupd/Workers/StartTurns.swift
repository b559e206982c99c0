internal import DequeModule
internal import LinuxSystem
internal import SupervisionKit

/// Slots whose next worker waits until it is known what the former one has left.
///
/// To find that takes a look at all children of the daemon. The turn comes by a descriptor that
/// goes behind all that are ready, so that of workers that die together all ends are told first,
/// and one look serves all. There is one start in a turn: others want theirs, first of all the
/// calls that another worker answers meanwhile.
final class StartTurns {
    private var slots: Deque<SlotID> = []
    private let news: EventCounter
    private var watch: Watch?

    init(on loop: EventLoop, _ start: @escaping @Sendable () -> Void) throws(SystemError) {
        news = try EventCounter()
        watch = try loop.watch(news.rawDescriptor, .readable, priority: .starts) { _ in start() }
    }

    deinit {
        // Before the descriptor: see `EventLoop.watch`.
        watch = nil
    }

    func append(_ slot: SlotID) {
        if slots.isEmpty { news.signal() }
        slots.append(slot)
    }

    func next() -> SlotID? {
        let slot = slots.popFirst()
        if slots.isEmpty { news.clear() }
        return slot
    }
}
