internal import Glibc

/// How the fault worker starts: from its command line; two also from the environment, for a daemon
/// that cannot give its workers arguments.
struct Options {
    enum Problem: Error {
        case usage(String)
    }

    static let usage = """
        usage: FaultWorker [--slow-start MS] [--exit-at-start CODE] [--no-device] [--never-hello]
                           [--hello-twice] [--old-version] [--ignore-term] [--not-idempotent]
                           [--concurrency N] [--serve NAME=FAULT[:NEXT]]…
                           [--probe degraded|failed|never|late=MS]
                           [--lifeline file|socket|writer|two|chatty|lost|late|dying]
                           [--say lines|both|half|long|nul|broken]
        environment: FAULT_SLOW_START (MS), FAULT_EXIT_AT_START (CODE), FAULT_COUNT_FILE (path)
        """

    /// Before READY.
    var slowStartMilliseconds: UInt32 = 0
    var exitAtStart: Int32?
    var hasDevice = true
    var saysHello = true
    var saysHelloTwice = false
    var isOld = false
    var ignoresTerm = false
    var isIdempotent = true
    var concurrency = 1
    var probeFault: ProbeFault?
    var lifelineFault: LifelineFault?
    /// Before all else.
    var words: Words?
    /// Kernels under other names, beside the `fault/…` ones.
    var served: [ServedFault] = []

    init(_ arguments: [String]) throws(Problem) {
        if let text = Options.environment("FAULT_SLOW_START") {
            slowStartMilliseconds = try Options.number(text, of: "FAULT_SLOW_START")
        }
        if let text = Options.environment("FAULT_EXIT_AT_START") {
            exitAtStart = try Options.number(text, of: "FAULT_EXIT_AT_START")
        }
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--never-hello": saysHello = false
            case "--hello-twice": saysHelloTwice = true
            case "--old-version": isOld = true
            case "--ignore-term": ignoresTerm = true
            case "--not-idempotent": isIdempotent = false
            case "--no-device": hasDevice = false
            case "--slow-start":
                slowStartMilliseconds = try Options.number(rest.popFirst(), of: option)
            case "--exit-at-start":
                exitAtStart = try Options.number(rest.popFirst(), of: option)
            case "--concurrency":
                concurrency = try Options.number(rest.popFirst(), of: option)
                guard (1...1024).contains(concurrency) else {
                    throw .usage("--concurrency is 1...1024")
                }
            case "--serve":
                let text = rest.popFirst() ?? ""
                guard let fault = ServedFault(text) else {
                    throw .usage("--serve wants NAME=FAULT or NAME=chain:NEXT, got '\(text)'")
                }
                served.append(fault)
            case "--probe":
                let text = rest.popFirst() ?? ""
                guard let fault = ProbeFault(text) else {
                    throw .usage("--probe wants degraded, failed, never or late=MS, got '\(text)'")
                }
                probeFault = fault
            case "--lifeline":
                let text = rest.popFirst() ?? ""
                guard let known = LifelineFault(rawValue: text) else {
                    throw .usage("--lifeline has no fault '\(text)'")
                }
                lifelineFault = known
            case "--say":
                let text = rest.popFirst() ?? ""
                guard let known = Words(rawValue: text) else {
                    throw .usage("--say has no words '\(text)'")
                }
                words = known
            default:
                throw .usage("unknown option '\(option)'")
            }
        }
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String?,
        of option: String
    ) throws(Problem) -> Number {
        guard let text, let number = Number(text) else {
            throw .usage("\(option) wants a number, got '\(text ?? "nothing")'")
        }
        return number
    }
}
