internal import SupervisionKit

extension BulkheadPolicy: Configurable {
    mutating func read(_ keys: inout KeyReader) {
        keys.integer("max_queued", &maxQueued, in: 0...10_000)
    }
}
