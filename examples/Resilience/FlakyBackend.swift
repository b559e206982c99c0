import Resilience
import SupervisionKit
import Synchronization

/// Something that fails a given number of times and works from then on.
final class FlakyBackend: Sendable {
    /// An error that says itself what it means; any other error counts as `fault(failed)`, which
    /// the default policy does not try again.
    struct ConnectionReset: ClassifiedError {
        var verdict: Verdict { .fault(.connectionLost) }
    }

    private let failuresLeft: Mutex<Int>

    init(failures: Int) {
        failuresLeft = Mutex(failures)
    }

    func rank() async throws -> String {
        let fails = failuresLeft.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw ConnectionReset() }
        return "ranks"
    }
}
