/// Kernels that call kernels: the chain from a client's call down.
extension Supervisor {
    /// Calls that may stand above a call.
    static let maxDepth = 16

    /// The caller's call that makes this one, if it is one that its worker runs now.
    @inline(__always)
    func parent(of arrival: CallArrival) -> Int? {
        guard case .worker(let worker) = arrival.caller, let id = arrival.parent,
            let index = calls.index(of: id), case .dispatched(worker) = calls[index].phase
        else { return nil }
        return index
    }

    /// Why a worker's call is not taken, if it isn't.
    func whyNotInChain(_ arrival: CallArrival) -> String? {
        guard let parent = parent(of: arrival) else {
            return "the call that made it has ended or never ran in this worker"
        }
        guard Int(calls[parent].depth) < Self.maxDepth else {
            return "\(chainText(parent, arrival.kernel)) is deeper than \(Self.maxDepth) calls"
        }
        if chain(from: parent).contains(where: { calls[$0].asked == arrival.kernel }) {
            return "\(chainText(parent, arrival.kernel)) is a circle"
        }
        if wouldWaitForItself(arrival.kernel, below: parent) {
            return "\(chainText(parent, arrival.kernel)) would wait for itself: the calls above it "
                + "hold every worker of group '\(groupOf(arrival.kernel).name)'"
        }
        return nil
    }

    /// The call and those above it, the nearest first.
    private func chain(from index: Int) -> some Sequence<Int> {
        sequence(first: index) { next in
            let parent = self.calls[next].parent
            return parent < 0 ? nil : Int(parent)
        }
    }

    private func chainText(_ parent: Int, _ kernel: KernelID) -> String {
        let names = chain(from: parent).map { kernels[calls[$0].asked.index].configuration.name }
        return (names.reversed() + [kernels[kernel.index].configuration.name])
            .joined(separator: " → ")
    }

    private func groupOf(_ kernel: KernelID) -> GroupConfiguration {
        groups[kernels[kernel.index].group].configuration
    }

    /// All places of the group are held by calls of this chain, and no worker is on its way that
    /// could bring another.
    private func wouldWaitForItself(_ kernel: KernelID, below parent: Int) -> Bool {
        let used = groups[kernels[kernel.index].group].active.filter { slots[$0.index].isUsed }
        guard !used.isEmpty else { return false }
        let above = Set(chain(from: parent))
        return used.allSatisfy { slot in
            let slot = slots[slot.index]
            return slot.lifecycle.isReady && slot.calls.count >= slot.concurrency
                && slot.calls.allSatisfy { above.contains($0) }
        }
    }

    mutating func link(_ child: Int, below parent: Int) {
        calls[child].parent = Int32(parent)
        calls[child].depth = calls[parent].depth + 1
        calls[child].nextSibling = calls[parent].firstChild
        calls[parent].firstChild = Int32(child)
    }

    /// The call ends: it leaves its parent, and its own children end with it.
    mutating func leaveChain(_ index: Int, into effects: inout [Effect]) {
        let parent = calls[index].parent
        if parent >= 0 { unlink(index, from: Int(parent)) }
        endChildren(of: index, into: &effects)
    }

    /// An attempt is over: what its kernel called has nobody left to answer to.
    ///
    /// The call itself may be tried again, and then still belongs to its parent.
    mutating func endChildren(of index: Int, into effects: inout [Effect]) {
        while calls[index].firstChild >= 0 {
            let child = Int(calls[index].firstChild)
            unlink(child, from: index)
            guard calls[child].isAnswerable else { continue }
            end(child, .cancelled, "the call that made it has ended", into: &effects)
        }
    }

    private mutating func unlink(_ child: Int, from parent: Int) {
        let next = calls[child].nextSibling
        if Int(calls[parent].firstChild) == child {
            calls[parent].firstChild = next
        } else {
            var sibling = Int(calls[parent].firstChild)
            while sibling >= 0, Int(calls[sibling].nextSibling) != child {
                sibling = Int(calls[sibling].nextSibling)
            }
            if sibling >= 0 { calls[sibling].nextSibling = next }
        }
        calls[child].parent = -1
        calls[child].nextSibling = -1
    }
}
