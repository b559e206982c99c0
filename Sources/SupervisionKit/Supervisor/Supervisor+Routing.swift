/// To a worker: which one gets a call, and when.
extension Supervisor {
    /// A slot for a call of the kernel, if one has room and its breaker lets the call pass.
    ///
    /// The least loaded of two taken at random; of one or two, the less loaded.
    ///
    /// `avoided` is the slot to take only when there is no other, -1 for none.
    mutating func freeSlot(for kernel: Int, avoiding avoided: Int32 = -1) -> Int? {
        let group = kernels[kernel].group
        if avoided >= 0, let other = slotBeside(Int(avoided), for: kernel), slots[other].isFree {
            return other
        }
        guard groups[group].active.count > 1 else {
            guard let only = groups[group].active.first?.index else { return nil }
            return takes(kernel, only) ? only : nil
        }
        let candidates = groups[group].active
        let passes = passedOver(kernel)
        func takesCall(_ place: Int) -> Bool {
            let slot = candidates[place].index
            return slots[slot].isFree && slots[slot].knows(kernel)
                && (passes.contains(place: place) || breakerRefusal(kernel, slot) == nil)
        }
        let first = Int.random(in: candidates.indices, using: &random)
        let second = Int.random(in: candidates.indices, using: &random)
        switch (takesCall(first), takesCall(second)) {
        case (true, true):
            let (left, right) = (candidates[first].index, candidates[second].index)
            return slots[right].calls.count < slots[left].calls.count ? right : left
        case (true, false): return candidates[first].index
        case (false, true): return candidates[second].index
        case (false, false):
            return candidates.indices.first(where: takesCall).map { candidates[$0].index }
        }
    }

    /// A serving slot other than this one, free ones first, whose breaker lets the kernel pass.
    func slotBeside(_ slot: Int, for kernel: Int) -> Int? {
        let others = groups[kernels[kernel].group].active.lazy.map(\.index).filter {
            $0 != slot && self.slots[$0].isServing && self.slots[$0].knows(kernel)
                && self.breakerRefusal(kernel, $0) == nil
        }
        return others.first { self.slots[$0].isFree } ?? others.first
    }

    @inline(__always)
    private func takes(_ kernel: Int, _ slot: Int) -> Bool {
        guard slots[slot].isFree, slots[slot].knows(kernel) else { return false }
        guard breakerRefusal(kernel, slot) != nil else { return true }
        return passedOver(kernel).contains(place: 0)
    }

    mutating func handOver(_ index: Int, to slot: Int, into effects: inout [Effect]) {
        guard let incarnation = slots[slot].lifecycle.incarnation else { return }
        let worker = WorkerID(slot: SlotID(index: slot), incarnation: incarnation)
        let kernel = calls[index].kernel.index
        let timeout = kernels[kernel].configuration.timeout
        if !timeout.includeQueueTime, calls[index].attempts == 0, calls[index].hasDefaultTimeout {
            calls[index].deadline = min(calls[index].deadline, now + timeout.defaultTimeout)
        }
        calls[index].begin(at: worker, at: now)
        if calls[index].attempts > 1 {
            kernels[calls[index].asked.index].counters.retried += 1
        } else {
            kernels[kernel].budget.recordFirst(at: now)
        }
        slots[slot].calls.append(index)
        takePermit(index, slot)
        setDeadline(ofCall: index)
        if calls[index].asked.index != kernel || calls[index].isRenamed {
            nameFor(kernel, index, into: &effects)
        }
        effects.append(
            .forward(
                calls.id(at: index),
                to: worker,
                deadline: calls[index].deadline,
                attempt: calls[index].earlierAttempts &+ calls[index].attempts,
                depth: calls[index].depth
            )
        )
    }

    /// The frame names the kernel as the workers that get it know it.
    private mutating func nameFor(_ kernel: Int, _ index: Int, into effects: inout [Effect]) {
        let configuration = kernels[kernel].configuration
        let name = configuration.callee ?? configuration.name
        calls[index].isRenamed = name != kernels[calls[index].asked.index].configuration.name
        effects.append(.rename(calls.id(at: index), name))
    }

    /// Gives waiting calls to workers that have room, first come first served.
    ///
    /// A call whose kernel is refused by the free workers' breakers does not hold up the other
    /// kernels of its group; one whose kernel is refused everywhere is answered.
    mutating func serveQueue(of group: Int, into effects: inout [Effect]) {
        var next = groups[group].queue.first
        while let index = next, groups[group].active.contains(where: { slots[$0.index].isFree }) {
            next = calls[index].next < 0 ? nil : Int(calls[index].next)
            let slot = freeSlot(
                for: calls[index].kernel.index,
                avoiding: calls[index].avoidedSlot
            )
            if let slot {
                leaveQueue(index)
                handOver(index, to: slot, into: &effects)
            } else if let refusal = openBreaker(of: calls[index].kernel.index) {
                if !passOn(index, into: &effects) {
                    endRefused(index, refusal, into: &effects)
                }
                // Its end may have ended others.
                next = groups[group].queue.first
            }
        }
    }

    mutating func enterQueue(_ index: Int, atFront: Bool) {
        let kernel = calls[index].kernel.index
        calls[index].phase = .queued
        if atFront {
            groups[kernels[kernel].group].queue.prepend(index, in: &calls)
        } else {
            groups[kernels[kernel].group].queue.append(index, in: &calls)
        }
        kernels[kernel].queued += 1
        let group = kernels[kernel].group
        // At the end of the turn.
        if isAsleep(group) { staleGroups.append(group) }
    }

    mutating func leaveQueue(_ index: Int) {
        let kernel = calls[index].kernel.index
        groups[kernels[kernel].group].queue.remove(index, in: &calls)
        kernels[kernel].queued -= 1
    }

    func queuedCalls(of group: Int) -> [Int] {
        var indices: [Int] = []
        var next = groups[group].queue.head
        while next >= 0 {
            indices.append(Int(next))
            next = calls[Int(next)].next
        }
        return indices
    }
}
