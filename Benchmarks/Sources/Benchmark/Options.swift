/// What is measured with, and for how long.
struct Options {
    /// Where relay, worker and client are.
    var floorDirectory: String
    /// Where the release programs of kernelsupd are.
    var programsDirectory: String
    /// Rounds in which every row is measured once, interleaved.
    var rounds = 7
    /// Seconds that one measurement takes.
    var seconds = 1.0
    /// Seconds over which the idle daemon's processor time is taken.
    var idleSeconds = 10.0

    static let usage = """
        usage: Benchmark FLOOR_DIRECTORY PROGRAMS_DIRECTORY [--rounds N] [--seconds S] [--idle S]
        """

    /// Nil when the arguments can't be read.
    init?(_ arguments: [String]) {
        guard arguments.count >= 2 else { return nil }
        floorDirectory = arguments[0]
        programsDirectory = arguments[1]
        var rest = arguments.dropFirst(2)
        while let name = rest.popFirst() {
            guard let text = rest.popFirst(), let value = Double(text), value > 0 else {
                return nil
            }
            switch name {
            case "--rounds":
                guard let count = Int(text) else { return nil }
                rounds = count
            case "--seconds": seconds = value
            case "--idle": idleSeconds = value
            default: return nil
            }
        }
    }
}
