public import SupervisionKit

/// The clock that a pattern reads and waits by.
///
/// `BootClock` in a program, `ManualClock` in a test.
public protocol ResilienceClock: Sendable {
    var now: Instant { get }

    /// Returns at `instant` or later; at once when it has passed.
    ///
    /// - Throws: as soon as the task is cancelled.
    func sleep(until instant: Instant) async throws(CancellationError)
}
