internal import Synchronization

/// What two threads share of one call: the compute thread runs it, the channel thread cancels it
/// and reports how far it is.
///
/// Everything else of a call belongs to the compute thread alone.
final class CallControl: Sendable {
    let id: UInt64
    private let cancelled = Atomic<Bool>(false)
    private let steps = Atomic<UInt64>(0)

    init(id: UInt64) {
        self.id = id
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    var progress: UInt64 { steps.load(ordering: .relaxed) }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }

    func advance(_ progress: UInt64) {
        steps.wrappingAdd(progress, ordering: .relaxed)
    }
}
