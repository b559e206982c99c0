/// Where calls wait: each at the best of its kernel's places, and never at one that can't serve it.
///
/// A call looks for its place at the door, and again whenever one of its kernel's places changes:
/// at the end of that turn, so that no event needs to know whom it concerns. The alternative, to
/// move calls where each thing happens that may help or hinder them, forgets one such thing and
/// leaves a call waiting until its deadline beside a worker that is ready.
extension Supervisor {
    /// What a call can hope for at one of its kernel's places.
    enum Prospect: Hashable, Sendable {
        /// A worker is there and takes calls.
        case served
        /// A worker is on its way or a call starts one, and nothing says that it would not serve.
        case awaited
        /// Calls are not taken there now.
        case none
    }

    func prospect(at kernel: Int) -> Prospect {
        guard kernels[kernel].isConfigured, openBreaker(of: kernel) == nil else { return .none }
        let group = kernels[kernel].group
        guard !isAsleep(group) else { return .awaited }
        guard kernels[kernel].problem.isEmpty else { return .none }
        let isServed = groups[group].active.contains {
            slots[$0.index].isServing && slots[$0.index].knows(kernel)
        }
        guard !isServed else { return .served }
        return groups[group].slots.contains { slots[$0.index].isComing } ? .awaited : .none
    }

    /// The kernel takes calls now, as far as can be known, or would start for one.
    func canServe(_ kernel: Int) -> Bool { prospect(at: kernel) != .none }

    /// The places for calls of a kernel, the best first: itself and those that stand in.
    ///
    /// While the ladder stands on a stand-in's rung that one is first, and the kernel's own
    /// workers, which may be on their way back, are last; but who is there goes before whom a call
    /// would have to wait for.
    func places(for asked: Int) -> [Int] {
        let standIns = kernels[asked].standIns
        let rung = groups[kernels[asked].group].ladder.rung
        guard let first = standIns.firstIndex(where: { $0.rung == rung }) else {
            return [asked] + thoseThatServeFirst(standIns.map(\.kernel))
        }
        return thoseThatServeFirst(standIns[first...].map(\.kernel) + [asked])
    }

    private func thoseThatServeFirst(_ places: [Int]) -> [Int] {
        let serving = places.filter { prospect(at: $0) == .served }
        guard !serving.isEmpty else { return places }
        return serving + places.filter { !serving.contains($0) }
    }

    /// The one of the kernel's places that takes its calls now; nil when none does.
    func servingPlace(of asked: Int) -> Int? {
        places(for: asked).first(where: canServe)
    }

    // MARK: - Waiting calls

    /// A waiting call whose place can't serve it goes where one can.
    ///
    /// - Returns: false when there is no such place; the call still waits then.
    mutating func passOn(_ index: Int, into effects: inout [Effect]) -> Bool {
        guard let place = placeToGo(index) else { return false }
        move(index, to: place, into: &effects)
        return true
    }

    private func placeToGo(_ index: Int) -> Int? {
        let asked = calls[index].asked.index
        let current = calls[index].kernel.index
        guard current != asked || !kernels[asked].standIns.isEmpty,
            calls[index].phase == .queued, calls[index].isKept, calls[index].deadline > now
        else { return nil }
        let place = places(for: asked).first { place in
            place != current && canServe(place) && lackOfQueue(place) == nil
                && !(calls[index].isFromDaemon && standIn(place, of: asked)?.rung == .failover)
        }
        if let place { return place }
        // At home it may wait for the next start, as it might have from the first.
        guard current != asked, kernels[asked].isConfigured, lackOfQueue(asked) == nil,
            lack(at: asked, before: calls[index].deadline) == nil
        else { return nil }
        return asked
    }

    private mutating func move(_ index: Int, to place: Int, into effects: inout [Effect]) {
        leaveQueue(index)
        calls[index].kernel = KernelID(index: place)
        calls[index].avoidedSlot = -1
        enterQueue(index, atFront: false)
        serveQueue(of: kernels[place].group, into: &effects)
    }

    /// Answers a waiting call that nobody can serve: with what is wrong at home, for its caller
    /// knows no other kernel.
    ///
    /// `why` is what is wrong at home, for a call that waits there.
    mutating func endUnserved(_ index: Int, _ why: Lack? = nil, into effects: inout [Effect]) {
        let asked = calls[index].asked.index
        let name = kernels[asked].configuration.name
        let lack =
            (calls[index].kernel.index == asked ? why : nil)
            ?? lack(at: asked, before: calls[index].deadline) ?? lackOfQueue(asked)
            ?? Lack(error: .unavailable, message: "\(name) has no worker that can serve it now")
        end(index, lack.error, lack.message, retryAfter: lack.retryAfter, into: &effects)
    }

    /// Calls that wait for a stand-in go home as soon as home serves, and elsewhere or back to
    /// their callers as soon as the stand-in can't.
    mutating func moveOn(from group: Int, into effects: inout [Effect]) {
        guard groups[group].queue.count > 0 else { return }
        for index in queuedCalls(of: group) {
            guard calls.isLive(index), calls[index].phase == .queued else { continue }
            let asked = calls[index].asked.index
            let place = calls[index].kernel.index
            guard place != asked, kernels[place].group == group else { continue }
            if places(for: asked).first == asked, prospect(at: asked) == .served,
                lackOfQueue(asked) == nil
            {
                move(index, to: asked, into: &effects)
            } else if !canServe(place), !passOn(index, into: &effects),
                !isBack(place, before: calls[index].deadline)
            {
                endUnserved(index, into: &effects)
            }
        }
    }

    /// A stand-in that has served comes back by itself in time for a call that waits already.
    private func isBack(_ place: Int, before deadline: Instant) -> Bool {
        let group = kernels[place].group
        guard kernels[place].isConfigured, kernels[place].problem.isEmpty,
            openBreaker(of: place) == nil,
            groups[group].slots.contains(where: { slots[$0.index].hasBeenReady }),
            case .from(let instant) = availability(of: group)
        else { return false }
        return instant < deadline
    }

    // MARK: - The end of a turn

    /// Something has changed in some groups: those who stand in are woken where they are needed,
    /// ladders are looked at, and calls go where they can be served.
    mutating func followStandIns(into effects: inout [Effect]) {
        var next = 0
        // What follows may add to them.
        while next < staleGroups.count {
            let group = staleGroups[next]
            next += 1
            // A slot that was given up may have been the last one that was missing.
            if groups[group].ladder.state != .clear { descendLadder(of: group, into: &effects) }
            for home in groups[group].standsInFor {
                descendLadder(of: home, into: &effects)
                if !staleGroups.contains(home) { staleGroups.append(home) }
            }
            for kernel in groups[group].kernels {
                wakeStandIn(of: kernel, into: &effects)
                for standIn in kernels[kernel].standIns {
                    moveOn(from: kernels[standIn.kernel].group, into: &effects)
                }
            }
            moveOn(from: group, into: &effects)
        }
    }

    /// Who would get the next call of a kernel that refuses it itself is asked before there is one.
    private mutating func wakeStandIn(of kernel: Int, into effects: inout [Effect]) {
        guard phase == .starting || phase == .serving, kernels[kernel].isConfigured,
            !kernels[kernel].standIns.isEmpty, lack(at: kernel) != nil,
            let place = servingPlace(of: kernel), place != kernel
        else { return }
        let name = kernels[kernel].configuration.name
        wake(kernels[place].group, "\(name) can't be served at home", into: &effects)
    }

    /// A kernel that the group stands in for has nobody else: its workers stay, called or not.
    ///
    /// So do those that can't be started: to forget that would mean to start them again, and to
    /// tell the operator again, for as long as they are missed.
    func isNeeded(_ group: Int) -> Bool {
        guard phase == .starting || phase == .serving else { return false }
        let isBeyondHelp = groups[group].slots.allSatisfy { slots[$0.index].isBeyondHelp }
        return groups[group].standsInFor.contains { home in
            groups[home].kernels.contains { kernel in
                guard kernels[kernel].isConfigured else { return false }
                let isStandIn = { (place: Int) in
                    place != kernel && self.kernels[place].group == group
                }
                if isBeyondHelp, kernels[kernel].standIns.contains(where: { isStandIn($0.kernel) }),
                    lack(at: kernel) != nil
                {
                    return true
                }
                return servingPlace(of: kernel).map(isStandIn) ?? false
            }
        }
    }
}

extension Slot {
    /// A worker is there or on its way, without a set time and without doubt of it.
    var isComing: Bool {
        switch lifecycle.state {
        case .ready: !isUnready
        case .waiting, .starting: !lifecycle.isOnTrial
        case .parting, .asked, .terminated, .killed: lifecycle.isWanted
        case .stopped, .backoff, .quarantined, .failed, .stuck: false
        }
    }
}
