package import SupervisionKit

/// How often what happened in a run, or in many.
///
/// A swarm that never opens a breaker holds nobody to anything; here it is seen.
package struct Coverage: Hashable, Sendable {
    /// What the world does that no log record tells.
    package enum Mark: String, CaseIterable, Sendable {
        case call = "calls"
        case chainedCall = "calls by kernels"
        case cancel = "cancels"
        case standIn = "calls served by others"
        case relayedError = "errors passed on"
        case start = "starts"
        case restart = "restarts"
        case demand = "starts on demand"
        case failedStart = "failed starts"
        case crash = "crashes"
        case hang = "hangs"
        case freeze = "freezes"
        case sickness = "sick spells"
        case breach = "breaches of protocol"
        case lostChannel = "lost channels"
        case kill = "kills"
        case probe = "probes"
        case trial = "trials by probe"
        case reload = "reloads"
        case wrongFiles = "wrong files"
        case override = "overrides"
        case acknowledgement = "acknowledgements"
        case clientLeft = "clients that left"
        case flood = "floods"
        case lostDevice = "lost devices"
        case stall = "stalls"
        case sleep = "sleeps"
        case clockJump = "clock jumps"
        case stop = "requests to stop"
        case exit = "exits"
    }

    private var marks: [Mark: Int] = [:]
    /// Key nil: results.
    private var answers: [CallError?: Int] = [:]
    private var records: [LogRecord.Kind: Int] = [:]

    package init() {}

    package func count(of mark: Mark) -> Int { marks[mark, default: 0] }

    package func count(of error: CallError?) -> Int { answers[error, default: 0] }

    package func count(of kind: LogRecord.Kind) -> Int { records[kind, default: 0] }

    package static func += (left: inout Coverage, right: Coverage) {
        left.marks.merge(right.marks, uniquingKeysWith: +)
        left.answers.merge(right.answers, uniquingKeysWith: +)
        left.records.merge(right.records, uniquingKeysWith: +)
    }

    package mutating func observe(_ fact: Fact) {
        switch fact {
        case .call(let fact): observe(fact)
        case .worker(let fact): observe(fact)
        case .outside(let fact): observe(fact)
        case .core(.wrote(let record)): records[record.kind, default: 0] += 1
        case .core(.exited): add(.exit)
        case .core: break
        }
    }

    private mutating func add(_ mark: Mark) { marks[mark, default: 0] += 1 }

    private mutating func observe(_ fact: CallFact) {
        switch fact {
        case .sent(_, let call): add(call.parent == nil ? .call : .chainedCall)
        case .ended(_, let end):
            answers[end.error, default: 0] += 1
            if end.isRelayed, end.error != nil { add(.relayedError) }
        case .cancelled: add(.cancel)
        case .marked: add(.standIn)
        case .accepted, .kept, .released, .handedOver, .answeredNobody, .abandoned, .recalled,
            .replied:
            break
        }
    }

    private mutating func observe(_ fact: WorkerFact) {
        switch fact {
        case .started(_, let start):
            add(start.isRestart ? .restart : .start)
            if start.isOnDemand { add(.demand) }
        case .killed: add(.kill)
        case .probed(_, let kernel): add(kernel.isEmpty ? .probe : .trial)
        case .closedChannel: add(.lostChannel)
        case .ended(_, .notStarted, _): add(.failedStart)
        case .ended(_, .signaled("SIGKILL", _), nil), .ended(_, .signaled("SIGTERM", _), _),
            .ended(_, .exited(0), _):
            break
        case .ended: add(.crash)
        case .did(_, let mark, _): add(mark)
        case .greeted, .ready, .asked, .terminated, .answeredProbe: break
        }
    }

    private mutating func observe(_ fact: OutsideFact) {
        switch fact {
        case .configured: add(.reload)
        case .did(let mark, _): add(mark)
        case .clientLeft: add(.clientLeft)
        case .stopRequested: add(.stop)
        case .faultsEnded: break
        }
    }
}

extension Coverage {
    /// The counts as lines, what never happened last.
    package var lines: [String] {
        let world = Mark.allCases.map { ($0.rawValue, count(of: $0)) }
        let errors = CallError.allCases.filter { !Self.errorsOfTheShell.contains($0) }
        let outcomes =
            [("ok", count(of: nil))] + errors.map { ($0.name, count(of: $0)) }
        // The others are the shell's own.
        let kinds = LogRecord.Kind.allCases.filter { !Self.kindsOfTheShell.contains($0) }
        let log = kinds.map { ($0.rawValue, count(of: $0)) }
        let missing = (world + outcomes + log).filter { $0.1 == 0 }.map(\.0)
        return Self.lines("happened:", Self.texts(world))
            + Self.lines("answers:", Self.texts(outcomes)) + Self.lines("log:", Self.texts(log))
            + Self.lines("never:", missing.isEmpty ? ["nothing"] : missing)
    }

    private static let errorsOfTheShell: Set<CallError> = [.connectionLost, .unsupportedVersion]

    private static let kindsOfTheShell: Set<LogRecord.Kind> = [
        .workerStarting, .workerOutput, .badInput, .clientClosed, .daemonFault,
    ]

    private static func texts(_ counts: [(String, Int)]) -> [String] {
        counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
    }

    /// Wrapped at 100 columns.
    private static func lines(_ title: String, _ texts: [String]) -> [String] {
        var lines: [String] = []
        var line = title + String(repeating: " ", count: max(1, 10 - title.count))
        for (number, text) in texts.enumerated() {
            let text = number + 1 < texts.count ? text + ", " : text
            if line.count + text.count > 101 {
                lines.append(String(line.dropLast()))
                line = String(repeating: " ", count: 10)
            }
            line += text
        }
        return lines + [line]
    }
}
