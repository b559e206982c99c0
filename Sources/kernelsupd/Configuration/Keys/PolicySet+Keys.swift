internal import SupervisionKit

extension PolicySet {
    /// What belongs to one kernel.
    mutating func readKernelPart(_ keys: inout KeyReader) {
        keys.table("timeout", &timeout)
        keys.table("retry", &retry)
        keys.table("breaker", &breaker)
        keys.table("bulkhead", &bulkhead)
    }

    /// What belongs to the workers of a group.
    mutating func readGroupPart(_ keys: inout KeyReader) {
        keys.table("health", &health)
        keys.table("recovery", &recovery)
        keys.table("lifecycle", &lifecycle)
    }

    /// Every value.
    var settings: [Setting] {
        var copy = self
        var keys = KeyReader(listing: [:])
        copy.readKernelPart(&keys)
        copy.readGroupPart(&keys)
        return keys.settings
    }
}
