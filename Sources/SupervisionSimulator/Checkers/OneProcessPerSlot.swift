package import SupervisionKit

/// A slot is the place of one process.
package struct OneProcessPerSlot: Checker {
    package static let promise = "No slot has two processes, and no incarnation comes twice."

    private var alive: [SlotID: WorkerID] = [:]
    private var newest = Incarnation(number: 0)

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .worker(.started(let worker, let start)):
            if let other = alive[worker.slot] {
                return "'\(start.name)' was started while life \(other.incarnation.number) of it "
                    + "was still there"
            }
            guard worker.incarnation > newest else {
                return "'\(start.name)' was started with an incarnation that has been"
            }
            newest = worker.incarnation
            alive[worker.slot] = worker
        case .worker(.ended(let worker, _, _)): alive[worker.slot] = nil
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
