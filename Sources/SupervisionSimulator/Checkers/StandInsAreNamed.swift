package import SupervisionKit

/// Whoever gets a result learns when another than the kernel's own workers made it.
package struct StandInsAreNamed: Checker {
    package static let promise =
        "An answer says so if others than the kernel's own workers made it."

    private var standIns: Set<WorkerID> = []
    /// By call: who has it.
    private var servers: [Int: WorkerID] = [:]
    private var marked: Set<Int> = []

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        switch fact {
        case .worker(.started(let worker, let start)) where start.isStandIn:
            standIns.insert(worker)
        case .worker(.ended(let worker, _, _)): standIns.remove(worker)
        case .call(.handedOver(let number, let worker, _)): servers[number] = worker
        case .call(.marked(let number, _)): marked.insert(number)
        case .call(.ended(let number, let end)):
            let isMarked = marked.remove(number) != nil
            guard let worker = servers.removeValue(forKey: number), end.isRelayed else {
                return nil
            }
            switch (standIns.contains(worker), isMarked) {
            case (true, false): return "call \(number) was served by another, and nothing says so"
            case (false, true):
                return "call \(number) was served at home, and its answer says otherwise"
            case (true, true), (false, false): break
            }
        case .call(.abandoned(let number)):
            servers[number] = nil
            marked.remove(number)
        case .call, .worker, .outside, .core: break
        }
        return nil
    }
}
