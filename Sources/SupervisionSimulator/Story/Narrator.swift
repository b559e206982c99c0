package import SupervisionKit

/// Tells moments as lines for people: the world's doings with their instant, the daemon's answer
/// to them below, indented.
package struct Narrator: Sendable {
    private let start: Instant
    private var names: [WorkerID: String] = [:]

    package init(start: Instant) {
        self.start = start
    }

    /// The moment's line; nil for one that isn't worth telling.
    package mutating func line(_ moment: Moment) -> String? {
        switch moment.fact {
        case .call(let fact): call(fact, moment.at)
        case .worker(let fact): worker(fact, moment.at)
        case .outside(let fact): outside(fact, moment.at)
        case .core(let fact): core(fact, moment.at)
        }
    }

    private func world(_ at: Instant, _ text: String) -> String {
        let milliseconds = at.since(start).saturatedNanoseconds / 1_000_000
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        let seconds = "\(milliseconds / 1000).\(fraction)"
        return String(repeating: " ", count: max(0, 11 - seconds.count)) + seconds + " s  " + text
    }

    private func daemon(_ text: String) -> String {
        String(repeating: " ", count: 15) + "→ " + text
    }

    private func name(_ worker: WorkerID) -> String {
        let name = names[worker] ?? "slot \(worker.slot.index)"
        return "'\(name)' (life \(worker.incarnation.number))"
    }

    // MARK: - Calls

    private func call(_ fact: CallFact, _ at: Instant) -> String? {
        switch fact {
        case .sent(let number, let call):
            let caller =
                switch call.caller {
                case .client(let client): "client \(client.index)"
                case .worker(let worker): "worker \(name(worker))"
                }
            let parent = call.parent.map { ", for call \($0)" } ?? ""
            let time = call.deadline.since(at).inWords
            let twice = call.isRepeatable ? "may run twice" : "must not run twice"
            return world(
                at,
                "\(caller) calls \(call.kernel): call \(number)\(parent), \(time) left, \(twice)"
            )
        case .accepted: return nil
        case .kept(let number): return daemon("keeps the frame of call \(number)")
        case .released(let number): return daemon("drops the frame of call \(number)")
        case .handedOver(let number, let worker, let until):
            let time = until.since(at).inWords
            return daemon("hands call \(number) to \(name(worker)), which has \(time)")
        case .marked(let number, let why):
            return daemon("marks the answer of call \(number): \(why)")
        case .ended(let number, let end): return daemon(ending(number, end))
        case .answeredNobody(let what): return daemon("answers nobody: \(what)")
        case .abandoned(let number): return world(at, "nobody waits for call \(number) any more")
        case .cancelled(let number): return world(at, "the caller cancels call \(number)")
        case .recalled(let number, let worker, let until):
            let time = until.since(at).inWords
            return daemon("tells \(name(worker)) to drop call \(number), within \(time)")
        case .replied(let number, let worker, let error, let execution):
            let what = error.map { "\($0.name), \(execution.phrase)" } ?? "a result"
            return world(at, "\(name(worker)) answers call \(number): \(what)")
        }
    }

    private func ending(_ number: Int, _ end: CallEnd) -> String {
        let tries = "\(end.attempts) \(end.attempts == 1 ? "try" : "tries")"
        guard let error = end.error else {
            return "answers call \(number) with the result, after \(tries)"
        }
        let message = end.message.isEmpty ? "" : ": \(end.message)"
        return "answers call \(number) with \(error.name) (\(end.execution.phrase), \(tries))"
            + message
    }

    // MARK: - Workers

    private mutating func worker(_ fact: WorkerFact, _ at: Instant) -> String? {
        switch fact {
        case .started(let worker, let start):
            names[worker] = start.name
            return daemon("starts \(name(worker))" + (start.isRestart ? ", a restart" : ""))
        case .greeted(let worker, let concurrency):
            return world(at, "\(name(worker)) says hello and takes \(concurrency) at once")
        case .ready(let worker): return world(at, "\(name(worker)) is ready")
        case .asked(let worker, _): return daemon("asks \(name(worker)) to finish")
        case .terminated(let worker): return daemon("sends SIGTERM to \(name(worker))")
        case .killed(let worker): return daemon("sends SIGKILL to \(name(worker))")
        case .probed(let worker, let kernel):
            let what = kernel.isEmpty ? "" : " about \(kernel)"
            return daemon("asks \(name(worker))\(what) how it is")
        case .answeredProbe(let worker, let what):
            return world(at, "\(name(worker)) says how it is: \(what.rawValue)")
        case .closedChannel(let worker, let why):
            return world(at, "the channel of \(name(worker)) is gone: \(why)")
        case .ended(let worker, let end, let culprit):
            let cause = culprit.map { ", by call \($0)" } ?? ""
            return world(at, "\(name(worker)) \(end.phrase)\(cause)")
        case .did(let worker, _, let what):
            return world(at, "\(name(worker)) \(what)")
        }
    }

    // MARK: - The rest

    private func outside(_ fact: OutsideFact, _ at: Instant) -> String? {
        switch fact {
        case .configured(let kernels, let changed, let why):
            let groups = changed.isEmpty ? "none" : changed.sorted().joined(separator: ", ")
            return world(at, "\(why): \(kernels) kernels; groups changed: \(groups)")
        case .did(_, let what): return world(at, what)
        case .clientLeft(let client): return world(at, "client \(client.index) leaves")
        case .stopRequested: return world(at, "the operator asks for the end")
        case .faultsEnded: return world(at, "from here on nothing new breaks")
        }
    }

    private func core(_ fact: CoreFact, _ at: Instant) -> String? {
        switch fact {
        case .turnBegan(let late, _):
            late >= .seconds(1) ? world(at, "the daemon wakes \(late.inWords) too late") : nil
        case .turnEnded(let isConsistent):
            isConsistent ? nil : daemon("its books don't agree")
        case .wrote(let record):
            daemon("\(record.level) \(record.kind.rawValue): \(record.message)")
        case .notified(.status(let line)): daemon("status: \(line)")
        case .notified(.watchdog): nil
        case .notified(.ready): daemon("says that it is ready")
        case .notified(.reloading): daemon("says that it reloads")
        case .notified(.stopping): daemon("says that it stops")
        case .showed(let slot, let state): daemon("'\(slot)' is now \(state)")
        case .showedKernel: nil
        case .exited: daemon("ends")
        case .settled(let aftermath):
            world(at, aftermath.complaints.isEmpty ? "all is well" : "the run is over")
        }
    }
}
