internal import SupervisionKit
internal import Synchronization

/// A body against its deadline: whichever ends first answers the caller, once.
///
/// A task group would wait for a body that takes no notice of its cancellation. So the body has a
/// task of its own, which is cancelled whenever the caller stops waiting.
final class Race<Value: Sendable>: Sendable {
    private enum State {
        case running
        case waitedFor(CheckedContinuation<Value, any Error>)
        case ended(Result<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.running)

    func run(
        _ body: @escaping @Sendable () async throws -> Value,
        until deadline: Deadline,
        _ clock: some ResilienceClock
    ) async throws -> Value {
        let work = Task {
            do {
                self.end(.success(try await body()))
            } catch {
                self.end(.failure(error))
            }
        }
        let timer = Task {
            do {
                try await clock.sleep(until: deadline.instant)
            } catch {
                return
            }
            self.end(.failure(DeadlineExceeded(deadline, hasStarted: true)))
            work.cancel()
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0) }
        } onCancel: {
            work.cancel()
        }
    }

    private func wait(_ continuation: CheckedContinuation<Value, any Error>) {
        let result: Result<Value, any Error>? = state.withLock { state in
            switch state {
            case .ended(let result):
                state = .taken
                return result
            case .running, .waitedFor, .taken:
                state = .waitedFor(continuation)
                return nil
            }
        }
        if let result { continuation.resume(with: result) }
    }

    private func end(_ result: Result<Value, any Error>) {
        let waiting: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .running:
                state = .ended(result)
                return nil
            case .waitedFor(let continuation):
                state = .taken
                return continuation
            case .ended, .taken: return nil
            }
        }
        waiting?.resume(with: result)
    }
}
