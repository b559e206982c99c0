/// What a kernel of the fault worker does when it is called, named `fault/…`.
///
/// Each run is counted first: a byte is appended to the file that FAULT_COUNT_FILE names, so that a
/// test knows how often a call was run, also by workers that died of it.
enum Fault: String, CaseIterable {
    /// Gives all arguments back.
    case echo
    /// As echo; the counted run is the point.
    case count
    /// Notes its amount, a number other than 0, in the file of `RunCounter.note`, then does as
    /// sleep.
    case note
    /// Waits, ends early when cancelled, then gives all arguments back.
    case sleep
    /// Waits, deaf to a cancel, then gives all arguments back.
    case late
    /// Fails as a kernel fails.
    case fail
    /// Fails the first times in its process as a kernel fails, then gives all arguments back.
    case flaky
    /// Fails the first times in its process as a device fails, then gives all arguments back.
    case flakyDevice = "flaky-device"
    /// Gives all arguments back; a call with an amount breaks the process without a sign: from the
    /// next one on each element of `x` is one too large.
    case corrupt
    /// Calls another kernel with all arguments, and gives its outputs back with one more in each
    /// element of `x`.
    case chain
    /// Dies by SIGSEGV.
    case crash
    /// Dies by SIGABRT.
    case abort
    /// Exits with a code.
    case exit
    /// The compute thread never returns; the channel thread goes on.
    case hangKernel = "hang-kernel"
    /// No thread goes on: the process neither answers nor says that it is alive.
    case hangOutside = "hang-outside"
    /// Takes memory and keeps it, then gives all arguments back.
    case leak
    /// Writes to standard error, then gives all arguments back.
    case flood
    /// Answers twice.
    case twice
    /// Answers a call that nobody made, then hangs.
    case wrongID = "wrong-id"
    /// Sends random bytes, then hangs.
    case garbage
    /// Sends the first bytes of a reply, then hangs.
    case short
    /// Sends a reply whose header states another length, then hangs.
    case lie
    /// Sends a reply with descriptors that it does not announce, then hangs.
    case fdFlood = "fd-flood"
    /// Gives a tensor in a memfd that is not sealed, then hangs.
    case unsealed
    /// Gives a tensor in a descriptor that is no memfd, then hangs.
    case noMemfd = "no-memfd"
    /// Lets go of the channel and lives on.
    case close
    /// Starts a process that holds copies of all descriptors until the daemon lets go of the
    /// channel, then gives all arguments back.
    case fork
    /// Makes calls without end and reads no answer.
    case callFlood = "call-flood"

    var kernelName: String { "fault/\(rawValue)" }

    var summary: String {
        switch self {
        case .echo: "Gives all arguments back."
        case .count: "Counts its runs and gives all arguments back."
        case .note: "Notes its amount, waits, and gives all arguments back."
        case .sleep: "Waits, ends early when cancelled, and gives all arguments back."
        case .late: "Waits without hearing a cancel and gives all arguments back."
        case .fail: "Fails."
        case .flaky: "Fails the first times."
        case .flakyDevice: "Fails the first times as if its device failed."
        case .corrupt: "Gives wrong numbers back once a call has said so."
        case .chain: "Calls another kernel and adds one."
        case .crash: "Dies by SIGSEGV."
        case .abort: "Dies by SIGABRT."
        case .exit: "Exits."
        case .hangKernel: "Hangs in the kernel and says that it is alive."
        case .hangOutside: "Hangs in every thread."
        case .leak: "Takes memory and keeps it."
        case .flood: "Writes to standard error without pause."
        case .twice: "Answers twice."
        case .wrongID: "Answers a call that nobody made."
        case .garbage: "Sends random bytes."
        case .short: "Sends a truncated frame."
        case .lie: "Sends a frame that lies about its length."
        case .fdFlood: "Sends descriptors that it does not announce."
        case .unsealed: "Gives a tensor in memory that is not sealed."
        case .noMemfd: "Gives a tensor in a descriptor that is no memfd."
        case .close: "Closes its channel and lives on."
        case .fork: "Forks a process that holds its descriptors."
        case .callFlood: "Makes calls without end and reads no answer."
        }
    }
}
