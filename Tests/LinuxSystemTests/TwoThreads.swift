import Glibc
import Testing

/// Two threads that do the same thing at the same moment, each with a step before and after which
/// they wait for each other.
///
/// Tasks would not do: a machine with one processor runs one at a time.
final class TwoThreads: @unchecked Sendable {
    // What makes it safe: the barrier orders all accesses, each thread counts in its own field, and
    // the starter reads the fields when both threads are joined.
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
    private let body: @Sendable (_ meet: () -> Void) -> Bool
    private let results = UnsafeMutablePointer<Bool>.allocate(capacity: 2)

    private init(_ body: @escaping @Sendable (_ meet: () -> Void) -> Bool) {
        self.body = body
        pthread_barrier_init(barrier, nil, 2)
        results.initialize(repeating: false, count: 2)
    }

    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
        results.deallocate()
    }

    /// Runs `body` twice at once.
    ///
    /// - Parameter body: `meet` returns when both threads have called it.
    /// - Returns: how many of the two returned true.
    /// - Throws: when there can be no second thread.
    static func count(
        _ body: @escaping @Sendable (_ meet: () -> Void) -> Bool
    ) throws -> Int {
        let pair = TwoThreads(body)
        var thread = pthread_t()
        let second = Unmanaged.passRetained(pair)
        let error = pthread_create(
            &thread,
            nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<TwoThreads>.fromOpaque(pointer).takeRetainedValue().run(1)
                return nil
            },
            second.toOpaque()
        )
        if error != 0 { second.release() }
        try #require(error == 0)
        pair.run(0)
        pthread_join(thread, nil)
        return (pair.results[0] ? 1 : 0) + (pair.results[1] ? 1 : 0)
    }

    private func run(_ index: Int) {
        results[index] = body { _ = pthread_barrier_wait(barrier) }
    }
}
