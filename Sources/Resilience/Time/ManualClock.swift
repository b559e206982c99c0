public import SupervisionKit
internal import Synchronization

/// A clock that stands still until it is moved, for tests.
///
/// A test that moves it while a task is on its way to a wait has two outcomes. `sleepers(_:)` is
/// the gate against that: it returns when so many waits have begun.
///
///     async let answer = retry.execute { … }
///     await clock.sleepers(1)             // it waits for its second try
///     clock.advance(by: .seconds(10))     // its time has come
public final class ManualClock: ResilienceClock {
    private struct State {
        var now: Instant
        var lastNumber = 0
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [Watcher] = []
    }

    private struct Sleeper {
        var until: Instant
        /// True when it was cancelled.
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct Watcher {
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private let state: Mutex<State>

    public init(now: Instant = Instant(nanoseconds: 1_000_000_000_000)) {
        state = Mutex(State(now: now))
    }

    public var now: Instant { state.withLock { $0.now } }

    /// How many waits are under way.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// When the wait that ends first ends; nil when nothing waits.
    public var earliest: Instant? { state.withLock { $0.sleepers.values.map(\.until).min() } }

    /// Moves the clock, and ends the waits whose time has come, the earliest first.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now + duration
            let now = state.now
            let due = state.sleepers.filter { $0.value.until <= now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.sorted { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
        }
        for (_, sleeper) in woken { sleeper.continuation.resume(returning: false) }
    }

    /// Returns when at least so many waits are under way.
    public func sleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.sleepers.count < count else { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    public func sleep(until instant: Instant) async throws(CancellationError) {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let isCancelled = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                begin(Sleeper(until: instant, continuation: continuation), number)
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(returning: true)
        }
        if isCancelled { throw CancellationError() }
    }

    private func begin(_ sleeper: Sleeper, _ number: Int) {
        enum Outcome { case cancelled, due, asleep([Watcher]) }
        let outcome: Outcome = state.withLock { state in
            // A task is marked before its handler runs: one of the two sees the other.
            if Task.isCancelled { return .cancelled }
            if sleeper.until <= state.now { return .due }
            state.sleepers[number] = sleeper
            let count = state.sleepers.count
            let satisfied = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return .asleep(satisfied)
        }
        switch outcome {
        case .cancelled: sleeper.continuation.resume(returning: true)
        case .due: sleeper.continuation.resume(returning: false)
        case .asleep(let watchers): for watcher in watchers { watcher.continuation.resume() }
        }
    }
}
