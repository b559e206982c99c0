/// Kernels that share workers, with the calls that wait for one.
struct Group: Sendable {
    var configuration: GroupConfiguration
    var isConfigured = true
    /// By number; those beyond what is configured are stopped.
    var slots: [SlotID] = []
    /// Those that take calls, in no order that means anything; the others are standbys.
    var active: [SlotID] = []
    /// Indices of the kernels that have it, in the order in which they came.
    var kernels: [Int] = []
    var queue = CallQueue()
    /// How long a call takes in a worker of the group.
    var serviceTime = ServiceTime()
    /// When a call of it last ended, or it was woken or configured.
    var usedAt = Instant.zero
    var ladder = RecoveryLadder()
    /// It was said that a change of it waits for a new worker that fails.
    var isHeld = false
    /// Since when all its workers have been ready while its calls were served elsewhere.
    var homeSince: Instant?
    /// Groups with kernels that kernels of this one stand in for.
    var standsInFor: [Int] = []
}
