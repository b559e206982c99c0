public import SupervisionKit

/// Repeats a recording with a core of its own and compares what the two decide.
public enum Replay {
    /// The first entry where the two part.
    public struct Difference: Hashable, Sendable {
        /// Counted from 1.
        public var entry: Int
        public var instant: Instant
        public var event: Event
        public var recorded: [Effect]
        public var repeated: [Effect]
    }

    public struct Outcome: Hashable, Sendable {
        public var entries = 0
        public var effects = 0
        /// From the core's start to the last event.
        public var span = Duration.zero
        /// Nil where the core decided the same throughout.
        public var difference: Difference?
        /// The recording ends within an entry: its daemon was killed while it wrote.
        public var isTruncated = false
    }

    /// Gives every recorded event to a new core, at its instant, and compares the effects bit by
    /// bit; stops at the first difference.
    ///
    /// - Parameters:
    ///   - reader: the recording, from its beginning.
    ///   - visit: sees each entry with its effects, for a story.
    /// - Returns: how far it went, and where the two part.
    /// - Throws: `RecordingError` when an entry cannot be read.
    public static func run(
        _ reader: RecordingReader,
        visit: (Recording.Entry, [Effect]) -> Void = { _, _ in }
    ) throws -> Outcome {
        var reader = reader
        var outcome = Outcome()
        var core = Supervisor(
            seed: reader.header.seed,
            at: reader.header.start,
            watchdogInterval: reader.header.watchdogInterval
        )
        while let entry = try next(&reader, &outcome) {
            outcome.entries += 1
            outcome.span = entry.instant.since(reader.header.start)
            var effects: [Effect] = []
            _ = core.handle(entry.event, at: entry.instant, into: &effects)
            outcome.effects += effects.count
            visit(entry, effects)
            guard try Recording.encode(effects) == entry.effects else {
                outcome.difference = Difference(
                    entry: outcome.entries,
                    instant: entry.instant,
                    event: entry.event,
                    recorded: try Recording.effects(of: entry),
                    repeated: effects
                )
                break
            }
        }
        return outcome
    }

    private static func next(
        _ reader: inout RecordingReader,
        _ outcome: inout Outcome
    ) throws -> Recording.Entry? {
        do {
            return try reader.next()
        } catch RecordingError.truncated {
            outcome.isTruncated = true
            return nil
        }
    }
}
