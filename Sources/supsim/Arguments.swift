internal import SupervisionSimulator

/// What the command line asks for.
struct Arguments: Hashable {
    enum Command: Hashable {
        case help
        case seed(UInt64, steps: StepRanges?, maxLines: Int)
        case replay(path: String, tells: Bool)
        case swarm(seeds: ClosedRange<UInt64>, jobs: Int?, maxFailures: Int)
    }

    /// What is wrong with a command line, as a sentence.
    struct Mistake: Error, Hashable {
        var message: String
    }

    let command: Command

    /// - Parameter words: without the program's own name.
    /// - Throws: the first mistake that is found.
    init(_ words: some Sequence<String>) throws(Mistake) {
        var words = Words(words)
        var (seed, swarm, first, jobs): (UInt64?, UInt64?, UInt64?, UInt64?)
        var failures: UInt64?
        var (recording, tells): (String?, Bool) = (nil, false)
        var (steps, lines): (StepRanges?, UInt64?)
        while let word = words.next() {
            switch word {
            case "--help", "-h":
                command = .help
                return
            case "--seed": seed = try words.number(for: word, in: 0 ... .max)
            case "--swarm": swarm = try words.number(for: word, in: 1...Self.maxSeeds)
            case "--first-seed": first = try words.number(for: word, in: 0 ... .max)
            case "--jobs": jobs = try words.number(for: word, in: 1...Self.maxJobs)
            case "--failures":
                failures = try words.number(for: word, in: 1...Self.maxSeeds)
            case "--replay": recording = try words.value(for: word)
            case "--tell": tells = true
            case "--steps": steps = try words.steps(for: word)
            case "--lines": lines = try words.number(for: word, in: 0...Self.maxLines)
            default: throw Mistake(message: "'\(word)' is not an option of supsim")
            }
        }
        if let recording {
            guard seed == nil, swarm == nil, first == nil, jobs == nil, failures == nil,
                steps == nil, lines == nil
            else {
                throw Mistake(message: "--replay goes with nothing but --tell")
            }
            command = .replay(path: recording, tells: tells)
            return
        }
        guard !tells else { throw Mistake(message: "--tell goes with --replay") }
        switch (seed, swarm) {
        case (let seed?, nil):
            guard first == nil, jobs == nil, failures == nil else {
                throw Mistake(message: "--first-seed, --jobs and --failures go with --swarm")
            }
            command = .seed(seed, steps: steps, maxLines: Int(lines ?? 1000))
        case (nil, let count?):
            guard steps == nil, lines == nil else {
                throw Mistake(message: "--steps and --lines go with --seed")
            }
            let (last, overflow) = (first ?? 1).addingReportingOverflow(count - 1)
            guard !overflow else {
                throw Mistake(message: "there are not so many seeds from --first-seed on")
            }
            command = .swarm(
                seeds: (first ?? 1)...last,
                jobs: jobs.map { Int($0) },
                maxFailures: Int(failures ?? 20)
            )
        case (nil, nil), (_?, _?):
            throw Mistake(message: "say one of --seed, --swarm and --replay")
        }
    }

    static let maxSeeds: UInt64 = 1_000_000_000
    static let maxJobs: UInt64 = 1024
    static let maxLines: UInt64 = 10_000_000

    static let help = """
        usage: supsim --seed SEED [--steps LIST] [--lines COUNT]
               supsim --swarm COUNT [--first-seed SEED] [--jobs COUNT] [--failures COUNT]
               supsim --replay FILE [--tell]

        Runs the supervisor's core in a made-up world and holds it to its promises. One seed is
        one run: processes crash, hang and lie, clients flood and leave, the operator reloads.
        The same seed is the same story, byte by byte. A recording of a real daemon, made with
        kernelsupd --record, is decided again and compared bit by bit.

          --seed SEED        run this seed and tell its story
          --steps LIST       of the seed's steps run only these, such as 3,17,20-25
          --lines COUNT      of a longer story leave out the middle; 1000 unless told, 0 for none
          --swarm COUNT      run so many seeds; a seed that fails is shortened and told
          --first-seed SEED  the first seed of the swarm, 1 unless told
          --jobs COUNT       seeds that run at once, as many as there are processors unless told
          --failures COUNT   seeds that fail after which no more are tried, 20 unless told
          --replay FILE      decide again what a daemon of this version has recorded
          --tell             print each event of the recording with what followed from it
          --help             print this and exit

        Exit status: 0 all promises were kept, or all was decided alike; 1 one was broken, or
        something was decided otherwise; 2 the command line or the recording is wrong.
        """
}

/// The words of a command line, one after another.
private struct Words {
    private var rest: [String]

    init(_ words: some Sequence<String>) {
        rest = words.reversed()
    }

    mutating func next() -> String? { rest.popLast() }

    mutating func number(
        for option: String,
        in range: ClosedRange<UInt64>
    ) throws(Arguments.Mistake) -> UInt64 {
        let word = try value(for: option)
        guard let number = UInt64(word), range.contains(number) else {
            let limits = "\(range.lowerBound) to \(range.upperBound)"
            throw Arguments.Mistake(message: "\(option) takes a number, \(limits), not '\(word)'")
        }
        return number
    }

    mutating func steps(for option: String) throws(Arguments.Mistake) -> StepRanges {
        let word = try value(for: option)
        guard let steps = StepRanges(parsing: word) else {
            let message = "\(option) takes steps such as 3,17,20-25, not '\(word)'"
            throw Arguments.Mistake(message: message)
        }
        return steps
    }

    mutating func value(for option: String) throws(Arguments.Mistake) -> String {
        guard let word = next() else {
            throw Arguments.Mistake(message: "\(option) takes a value")
        }
        return word
    }
}
