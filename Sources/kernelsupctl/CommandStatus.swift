/// What the program's exit status says; the same numbers for every verb.
enum CommandStatus: Int32 {
    /// Done; `health`: healthy.
    case done = 0
    /// The call failed; `health`: degraded.
    case failed = 1
    /// Refused by the state the daemon or the kernel is in; `health`: critical.
    case refused = 2
    /// `health`: can't tell, also when the daemon does not answer.
    case unknown = 3
    /// No kernel or component of that name.
    case noSuchName = 4
    /// The sockets' mode does not let this user in.
    case notAllowed = 5
    /// The deadline passed.
    case timedOut = 6
    /// The daemon does not answer.
    case unreachable = 7
    /// Nothing to change.
    case noChange = 10
    /// The command line is wrong.
    case usage = 64
    /// The configuration is wrong.
    case configuration = 78
}
