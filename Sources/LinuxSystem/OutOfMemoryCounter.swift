/// Out-of-memory kills on this machine, for telling one from another SIGKILL where no control group
/// counts them.
///
/// The kernel counts a kill before it sends the signal, so a worker that it has killed is never
/// seen dead before the count has risen. A rise says that somebody was killed and not who: each is
/// taken for one worker only, and one that is long past for none.
public struct OutOfMemoryCounter {
    /// Between two looks; a rise before the last but one is past.
    private static let interval = Duration.seconds(10)

    private var last: (count: UInt64, at: UInt64)
    private var lastButOne: UInt64
    /// Kills that a worker was found for.
    private var explained: UInt64 = 0
    private let read: () -> UInt64

    /// - Parameter read: gives how many there were since the machine started.
    public init(read: @escaping () -> UInt64 = OutOfMemoryCounter.killsOfThisMachine) {
        self.read = read
        let count = read()
        last = (count, 0)
        lastButOne = count
    }

    /// The count of /proc/vmstat; 0 where it has none.
    public static func killsOfThisMachine() -> UInt64 {
        let text = (try? SystemFile.text(of: "/proc/vmstat")) ?? ""
        return ControlGroup.value(of: "oom_kill", in: text) ?? 0
    }

    /// Kills that no worker was found for, now: the mark of a worker's start.
    public func unexplained() -> UInt64 { read() &- explained }

    /// Keeps the count from time to time; called often.
    ///
    /// - Parameter now: nanoseconds of the boot clock.
    public mutating func look(at now: UInt64) {
        let interval = UInt64(Self.interval.components.seconds) * 1_000_000_000
        guard now >= last.at &+ interval else { return }
        lastButOne = last.count
        last = (unexplained(), now)
    }

    /// Takes one kill for a worker that was started at the mark, if there is one that can be its.
    public mutating func explain(startedAt mark: UInt64) -> Bool {
        guard unexplained() > max(mark, lastButOne) else { return false }
        explained &+= 1
        return true
    }
}
