internal import Glibc
internal import SupervisionKit
internal import SupervisionRecording

/// A recording of a real daemon, decided again.
struct Repetition {
    let path: String
    /// Prints every entry.
    let tells: Bool

    /// Why the file can't be repeated.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Returns: whether all was decided alike.
    /// - Throws: when the file can't be read, or is no recording.
    func run() throws(Failure) -> Bool {
        let bytes = try read()
        let outcome: Replay.Outcome
        let start: Instant
        do {
            let reader = try RecordingReader(bytes)
            start = reader.header.start
            Output.write([
                "recorded by kernelsupd \(reader.header.version), seed \(reader.header.seed)"
            ])
            outcome = try Replay.run(reader) { entry, effects in
                guard tells else { return }
                Output.write(
                    ["\(time(entry.instant, start)) \(entry.event)"] + effects.map { "    \($0)" }
                )
            }
        } catch {
            throw Failure(description: "\(path): \(explain(error))")
        }
        if outcome.isTruncated {
            Output.write(["the last entry is not whole: its daemon was killed while it wrote"])
        }
        let scale =
            "\(outcome.entries) events, \(outcome.effects) effects, "
            + "\(outcome.span.inWords) of the daemon's life"
        guard let difference = outcome.difference else {
            Output.write(["decided alike, bit by bit: \(scale)"])
            return true
        }
        Output.write(
            [
                "decided otherwise at event \(difference.entry) of those read: \(scale)",
                "\(time(difference.instant, start)) \(difference.event)", "recorded:",
            ] + difference.recorded.map { "    \($0)" } + ["now:"]
                + difference.repeated.map { "    \($0)" }
        )
        return false
    }

    private func time(_ instant: Instant, _ start: Instant) -> String {
        let milliseconds = instant.since(start).saturatedNanoseconds / 1_000_000
        let fraction = String(milliseconds % 1000)
        let padding = String(repeating: "0", count: 3 - fraction.count)
        return "+\(milliseconds / 1000).\(padding)\(fraction)s"
    }

    private func explain(_ error: any Error) -> String {
        switch error {
        case RecordingError.notARecording: "this is no recording of kernelsupd --record"
        case RecordingError.truncated: "the recording ends within its first lines"
        case RecordingError.malformed(let what): "the recording is damaged: \(what)"
        default: "\(error)"
        }
    }

    private func read() throws(Failure) -> [UInt8] {
        guard let file = fopen(path, "r") else {
            throw Failure(description: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&part, 1, part.count, file), count > 0 {
            bytes += part[..<count]
        }
        guard ferror(file) == 0 else {
            throw Failure(description: "\(path): \(String(cString: strerror(errno)))")
        }
        return bytes
    }
}
