/// Kernels that share workers, with the calls that wait for one.
struct Group: Sendable {
    var configuration: GroupConfiguration
    var isConfigured = true
    var slots: [SlotID] = []
    /// Indices of the kernels that have it, in the order in which they came.
    var kernels: [Int] = []
    var queue = CallQueue()
    /// How long a call takes in a worker of the group.
    var serviceTime = ServiceTime()
    var ladder = RecoveryLadder()
}
