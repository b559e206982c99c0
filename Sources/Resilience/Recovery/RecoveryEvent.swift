public import SupervisionKit

/// What a `RecoveryExecutor` saw and did.
public enum RecoveryEvent: Hashable, Sendable {
    /// A run ended with this error, as text.
    case failed(String)
    /// The ladder took a step.
    case step(RecoveryLadder.Step)
    /// The operation runs again at this instant.
    case restarting(at: Instant)
    /// The restarts within the window are spent; a new one would be let through then.
    case quarantined(until: Instant)
}
