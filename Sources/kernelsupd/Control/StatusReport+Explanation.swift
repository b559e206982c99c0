internal import ControlProtocol
internal import Glibc
internal import SupervisionKit

/// Why something is as it is.
extension StatusReport {
    func explanation(of component: String) -> Result<Explanation, NoSuchComponent> {
        guard let (subject, chosen) = subject(component) else {
            let slots = snapshot.kernels.flatMap { $0.slots.map(\.name) }
            let standIns = snapshot.standIns.map(\.name)
            let others = Set(snapshot.kernels.map(\.group) + slots + standIns)
                .subtracting(snapshot.kernels.map(\.name))
            return .failure(missing(component, besides: others.sorted()))
        }
        let kernels = chosen.sorted {
            (KernelState($0.health.state).badness, $0.name)
                < (KernelState($1.health.state).badness, $1.name)
        }
        guard let worst = kernels.first else { return .failure(missing(component)) }
        let reason = worst.health.reason
        let slots = subject == .slot ? worst.slots.filter { $0.name == component } : worst.slots
        return .success(
            Explanation(
                name: component,
                subject: subject,
                group: worst.group,
                kernels: kernels.map(kernelStatus),
                state: KernelState(worst.health.state),
                since: timestamp(worst.health.since),
                reasonID: reason?.id,
                reason: reason?.rawValue,
                why: worst.health.why.isEmpty ? nil : worst.health.why,
                consequence: consequence(for: worst),
                limits: limits(of: worst),
                next: next(of: worst),
                advice: advice(on: worst),
                calls: calls(of: kernels),
                countedSince: timestamp(snapshot.startedAt),
                saidLast: lastWords(of: slots, blamed: worst.health.why),
                output: slots.compactMap(account),
                events: events(of: [worst.group] + worst.standIns.map(\.group))
            )
        )
    }

    /// A kernel's name goes before that of its own group.
    private func subject(_ name: String) -> (Explanation.Subject, [Snapshot.Kernel])? {
        let all = snapshot.kernels
        if let kernel = all.first(where: { $0.name == name }) { return (.kernel, [kernel]) }
        let group = all.filter { $0.group == name }
        if !group.isEmpty { return (.group, group) }
        // Slots of a stand-in are shown with the kernel that it stands in for, and are its own.
        if let standIn = snapshot.standIns.first(where: { $0.name == name }) {
            return (.kernel, [standIn])
        }
        for kernels in [snapshot.standIns, all] {
            let slot = kernels.filter { $0.slots.contains { $0.name == name } }
            if !slot.isEmpty { return (.slot, slot) }
        }
        return nil
    }

    /// The kernel that this one stands in for; nil where it is nobody's stand-in.
    private func home(of kernel: Snapshot.Kernel) -> Snapshot.Kernel? {
        snapshot.kernels.first { $0.standIns.contains { $0.name == kernel.name } }
    }

    // MARK: - Parts

    private func consequence(for kernel: Snapshot.Kernel) -> String {
        let reason = kernel.health.reason
        guard let home = home(of: kernel) else {
            return reason?.consequence(kernel.health.state) ?? "calls are served"
        }
        switch (kernel.health.state, reason) {
        case (.healthy, .onDemand):
            return "it is asked when \(home.name) can't be served by its own workers"
        case (.healthy, _), (.degraded, .partlyReady): return "it can serve calls of \(home.name)"
        case (.unknown, _): return "it is asked whether it can serve calls of \(home.name)"
        case (.degraded, _), (.down, _): return "it can't serve calls of \(home.name) now"
        }
    }

    private func limits(of kernel: Snapshot.Kernel) -> [Explanation.Limit] {
        var keys = kernel.health.reason?.limits ?? []
        // The daemon knows some ends for permanent whatever is configured.
        if kernel.health.reason == .workerUnusable,
            !kernel.slots.contains(where: \.isEndPermanentByPolicy)
        {
            keys = []
        }
        return origins.settings(keys, kernel: kernel.name, group: kernel.group).map {
            .init(key: $0.key, value: $0.value, origin: $0.origin.description)
        }
    }

    private func next(of kernel: Snapshot.Kernel) -> [Explanation.ExpectedAction] {
        nextAtHome(of: kernel) + kernel.standIns.compactMap(next(of:))
    }

    private func next(of standIn: Snapshot.StandIn) -> Explanation.ExpectedAction? {
        guard !standIn.canServe, let next = standIn.next, let at = next.at else { return nil }
        return Explanation.ExpectedAction(
            action: next.action,
            text: "the \(standIn.word) is tried again",
            at: timestamp(at),
            inSeconds: at.since(now).inSeconds
        )
    }

    private func nextAtHome(of kernel: Snapshot.Kernel) -> [Explanation.ExpectedAction] {
        guard let next = kernel.health.next, let reason = kernel.health.reason else { return [] }
        let first = Explanation.ExpectedAction(
            action: next.action,
            text: reason.text(ofNext: next.action),
            at: next.at.map(timestamp),
            inSeconds: next.at.map { $0.since(now).inSeconds }
        )
        // A breaker that a person holds open has no trial.
        guard next.at != nil else { return reason == .circuitOpen ? [] : [first] }
        return [first] + (reason.afterNext.map { [$0] } ?? [])
    }

    private func advice(on kernel: Snapshot.Kernel) -> [Explanation.Advice] {
        var status = kernelStatus(kernel)
        // Other commands know a stand-in by its kernel only.
        status.name = home(of: kernel)?.name ?? status.name
        let context = AdviceContext(
            configurationPath: configurationPath,
            daemonPID: Int(getpid()),
            workerPID: status.slots.first { $0.state == .stuck }?.pid
        )
        return context.advice(on: status, kernel.health.reason)
    }

    private func calls(of kernels: [Snapshot.Kernel]) -> Status.Calls {
        func sum(_ count: KeyPath<CallCounters, Int>) -> Int {
            kernels.reduce(0) { $0 + $1.counters[keyPath: count] }
        }
        return Status.Calls(
            accepted: sum(\.accepted),
            ok: sum(\.ok),
            failed: sum(\.failed),
            refused: sum(\.refused),
            retried: sum(\.retried),
            inFlight: kernels.reduce(0) { $0 + $1.inFlight },
            queued: kernels.reduce(0) { $0 + $1.queued }
        )
    }

    private func output(of slot: Snapshot.WorkerSlot) -> SlotOutput? {
        outputs.indices.contains(slot.id.index) ? outputs[slot.id.index] : nil
    }

    /// The slot that the explanation names comes first; the worker that ended before the one that
    /// came after it.
    private func lastWords(
        of slots: [Snapshot.WorkerSlot],
        blamed why: String
    ) -> [Explanation.LastWords] {
        let isBlamed = { (slot: Snapshot.WorkerSlot) in why.contains("'\(slot.name)'") }
        return (slots.filter(isBlamed) + slots.filter { !isBlamed($0) }).flatMap { slot in
            output(of: slot)?.lastWords ?? []
        }
    }

    private func account(of slot: Snapshot.WorkerSlot) -> Explanation.OutputAccount? {
        output(of: slot).map { output in
            let account = output.account
            return Explanation.OutputAccount(
                slot: slot.name,
                written: account.written,
                logged: account.logged,
                suppressed: account.suppressed,
                lost: account.lost
            )
        }
    }

    /// Of all groups in one list, by their first time.
    private func events(of groups: [String]) -> Explanation.Events {
        var names: [String] = []
        for group in groups where !names.contains(group) { names.append(group) }
        let histories = names.map { self.histories[$0] ?? EventHistory() }
        let entries = histories.flatMap(\.entries).sorted { $0.first < $1.first }
        return Explanation.Events(
            from: timestamp(histories.compactMap(\.droppedUntil).max() ?? snapshot.startedAt),
            dropped: histories.reduce(0) { $0 + $1.dropped },
            list: entries.map { entry in
                Explanation.Event(
                    first: timestamp(entry.first),
                    last: timestamp(entry.last),
                    count: entry.count,
                    kind: entry.kind.rawValue,
                    text: entry.text
                )
            }
        )
    }
}

extension SlotOutput {
    /// Of the last worker that has ended, and of one that has written something since.
    fileprivate var lastWords: [Explanation.LastWords] {
        var words: [Explanation.LastWords] = []
        if let ended, let last = ended.lines.last {
            words.append(
                Explanation.LastWords(
                    slot: slotName,
                    incarnation: ended.incarnation,
                    pid: Int(last.stamp.pid),
                    total: ended.lineCount,
                    lines: ended.lines.map(Explanation.LastWords.Line.init),
                    end: ended.how,
                    endedAt: Timestamp(unixMicroseconds: ended.wallMicroseconds)
                )
            )
        }
        let lines = ring.newest.incarnation == ended?.incarnation ? [] : ring.last(Self.lastLines)
        if let last = lines.last {
            words.append(
                Explanation.LastWords(
                    slot: slotName,
                    incarnation: last.stamp.incarnation,
                    pid: Int(last.stamp.pid),
                    total: ring.newest.lineCount,
                    lines: lines.map(Explanation.LastWords.Line.init)
                )
            )
        }
        return words
    }
}

extension Explanation.LastWords.Line {
    init(_ line: OutputLine) {
        self.init(
            at: Timestamp(unixMicroseconds: line.stamp.wallMicroseconds),
            stream: line.stamp.stream == .standardOutput ? .stdout : .stderr,
            text: line.text,
            marks: line.marks.names.compactMap(Explanation.LastWords.Mark.init)
        )
    }
}
