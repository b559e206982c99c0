import Resilience
import SupervisionKit

/// One deadline over the wait for a place and the work in it; a part asks for longer and does not
/// get it.
func deadlineExample() async throws {
    let clock = BootClock()
    let bulkhead = Bulkhead("rank", maxConcurrent: 2, maxQueued: 8)
    do {
        try await Deadline(after: .milliseconds(50), from: clock.now).execute {
            try await bulkhead.execute {
                let part = Deadline.current.child(timeout: .seconds(60), at: clock.now)
                print("  the part has \(part.remaining(at: clock.now).inWords)")
                try await clock.sleep(until: part.instant)
            }
        }
    } catch let exceeded as DeadlineExceeded {
        print("  \(exceeded)")
    }
}
