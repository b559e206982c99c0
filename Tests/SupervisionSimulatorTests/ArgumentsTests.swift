internal import SupervisionSimulator
internal import Testing

@testable internal import supsim

@Suite("Command line of supsim")
struct ArgumentsTests {
    private func command(_ line: String) throws -> Arguments.Command {
        try Arguments(line.split(separator: " ").map(String.init)).command
    }

    @Test func `a seed is told in a thousand lines unless told otherwise`() throws {
        #expect(try command("--seed 42") == .seed(42, steps: nil, maxLines: 1000))
        let steps = StepRanges([1, 2, 9])
        let long = try command("--seed 42 --steps 1-2,9 --lines 7")
        #expect(long == .seed(42, steps: steps, maxLines: 7))
    }

    @Test func `a swarm counts its seeds from the first`() throws {
        #expect(try command("--swarm 10") == .swarm(seeds: 1...10, jobs: nil, maxFailures: 20))
        let other = try command("--swarm 10 --first-seed 5 --jobs 3 --failures 1")
        #expect(other == .swarm(seeds: 5...14, jobs: 3, maxFailures: 1))
    }

    @Test func `a recording is repeated, and told if that is asked for`() throws {
        #expect(try command("--replay a/file") == .replay(path: "a/file", tells: false))
        #expect(try command("--tell --replay f") == .replay(path: "f", tells: true))
    }

    @Test func `help is help whatever else is said`() throws {
        #expect(try command("--seed 1 --help") == .help)
    }

    @Test(arguments: [
        ("", "say one of --seed, --swarm and --replay"),
        ("--seed 1 --swarm 2", "say one of --seed, --swarm and --replay"),
        ("--seed", "--seed takes a value"),
        ("--seed -1", "--seed takes a number, 0 to 18446744073709551615, not '-1'"),
        ("--swarm 0", "--swarm takes a number, 1 to 1000000000, not '0'"),
        ("--seed 1 --jobs 2", "--first-seed, --jobs and --failures go with --swarm"),
        ("--swarm 1 --steps 2", "--steps and --lines go with --seed"),
        ("--seed 1 --steps x", "--steps takes steps such as 3,17,20-25, not 'x'"),
        ("--replay f --seed 1", "--replay goes with nothing but --tell"),
        ("--seed 1 --tell", "--tell goes with --replay"),
        ("--sed 1", "'--sed' is not an option of supsim"),
        (
            "--swarm 2 --first-seed 18446744073709551615",
            "there are not so many seeds from --first-seed on"
        ),
    ])
    func `a mistake is named`(_ line: String, _ message: String) {
        #expect(throws: Arguments.Mistake(message: message)) { try command(line) }
    }
}
