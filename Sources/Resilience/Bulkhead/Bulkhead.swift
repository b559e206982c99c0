public import SupervisionKit
internal import Synchronization

/// Lets so many calls run at once and so many wait, first come first served.
///
/// A place that comes free is handed to the first waiter itself and is never seen free by anybody
/// else, so that nobody overtakes and no wake-up is lost. A waiter leaves when its task is
/// cancelled and at its deadline.
public final class Bulkhead: Sendable {
    private enum Turn {
        case come
        case full
        case cancelled
        case expired
    }

    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var running = 0
        var lastNumber = 0
        /// The first to come in front.
        var waiters: [Waiter] = []
    }

    public let name: String
    /// At least 1.
    public let maxConcurrent: Int
    /// At least 0.
    public let maxQueued: Int
    private let clock: any ResilienceClock
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: for refusals.
    ///   - maxConcurrent: calls that run at once; less than 1 counts as 1.
    ///   - maxQueued: calls that wait; one more is refused.
    ///   - clock: for the deadlines of waiters.
    public init(
        _ name: String = "bulkhead",
        maxConcurrent: Int,
        maxQueued: Int = BulkheadPolicy().maxQueued,
        clock: some ResilienceClock = BootClock()
    ) {
        self.name = name
        self.maxConcurrent = max(1, maxConcurrent)
        self.maxQueued = max(0, maxQueued)
        self.clock = clock
    }

    public var running: Int { state.withLock { $0.running } }
    public var queued: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` when its turn comes.
    ///
    /// - Parameters:
    ///   - deadline: of the wait, not of `body`; the task's own if that is earlier.
    ///   - body: holds a place as long as it runs.
    /// - Returns: what `body` returns.
    /// - Throws: `Refusal` when the queue is full; `DeadlineExceeded` or `CancellationError` when
    ///   the wait ended so, and `body` did not run; else what `body` throws.
    public func execute<Value>(
        deadline: Deadline = .current,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await enter(by: min(deadline, Deadline.current))
        defer { leave() }
        return try await body()
    }

    // MARK: - In and out

    private func enter(by deadline: Deadline) async throws {
        guard !deadline.isExpired(at: clock.now) else {
            throw DeadlineExceeded(deadline, hasStarted: false)
        }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        // Without a deadline no timer is needed, and a place that is free is taken without a wait.
        let timer =
            deadline == .none
            ? nil
            : Task { [clock] in
                guard (try? await clock.sleep(until: deadline.instant)) != nil else { return }
                self.end(number, .expired)
            }
        defer { timer?.cancel() }
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation {
                begin(Waiter(number: number, continuation: $0), deadline)
            }
        } onCancel: {
            end(number, .cancelled)
        }
        switch turn {
        case .come: return
        case .full: throw Refusal(name, .queueFull)
        case .cancelled: throw CancellationError()
        case .expired: throw DeadlineExceeded(deadline, hasStarted: false)
        }
    }

    private func begin(_ waiter: Waiter, _ deadline: Deadline) {
        let turn: Turn? = state.withLock { state in
            // A task is marked before its handler runs: one of the two sees the other.
            if Task.isCancelled { return .cancelled }
            // The timer may have found nobody yet.
            if deadline.isExpired(at: clock.now) { return .expired }
            if state.running < maxConcurrent {
                state.running += 1
                return .come
            }
            if state.waiters.count >= maxQueued { return .full }
            state.waiters.append(waiter)
            return nil
        }
        if let turn { waiter.continuation.resume(returning: turn) }
    }

    /// The waiter leaves, if it still waits.
    private func end(_ number: Int, _ turn: Turn) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: turn)
    }

    /// A call has ended: its place goes to the first waiter, or comes free.
    private func leave() {
        let next: Waiter? = state.withLock { state in
            guard !state.waiters.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume(returning: .come)
    }
}
