/// The C client, which measures the relay and the daemon alike.
struct FloorClient {
    let path: String
    let seconds: Double

    /// What a call carries, and how many are under way at once.
    struct Load: Hashable {
        var kernel = "bench/echo"
        var byteCount = 1024
        var isMemfd = false
        var inFlight = 1
        var isIdempotent = false
    }

    /// What it measured.
    ///
    /// Times in nanoseconds.
    struct Sample {
        var callsPerSecond: Double
        var p50: Double
        var p99: Double
        /// By the worker's clock.
        var executed: Double
        /// Making, filling and sealing the memfd.
        var filling: Double
        /// Processor time of the process in the middle, for each call.
        var processor: Double
    }

    /// Measures one load once.
    ///
    /// - Parameters:
    ///   - load: what to call, and how.
    ///   - socketPath: where.
    ///   - middle: the process that the calls go through.
    /// - Returns: what it measured.
    /// - Throws: when the client fails, a call that is not answered with a result included.
    func measure(_ load: Load, at socketPath: String, through middle: Int32) throws -> Sample {
        let before = try ProcessFigures.processorTime(of: middle)
        let output = try Program.output(
            of: path,
            [
                socketPath, load.kernel, "\(load.byteCount)", load.isMemfd ? "memfd" : "inline",
                "\(load.inFlight)", load.isIdempotent ? "1" : "0", "\(seconds)",
            ]
        )
        let spent = try ProcessFigures.processorTime(of: middle) - before
        let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard numbers.count == 6 else { throw Failure("the client printed: \(output)") }
        return Sample(
            callsPerSecond: numbers[0],
            p50: numbers[1],
            p99: numbers[2],
            executed: numbers[3],
            filling: numbers[4],
            processor: spent / numbers[5]
        )
    }
}
