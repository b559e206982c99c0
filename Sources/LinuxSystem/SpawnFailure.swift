/// Why a process that was started did not become its program.
public struct SpawnFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the helper was doing.
    ///
    /// The numbers are those of its report.
    public enum Stage: UInt32, Hashable, Sendable, CaseIterable {
        /// The report itself made no sense: the helper and this program do not belong together.
        case report = 0
        /// It did not understand its command line: likewise.
        case settings = 1
        case parentDeathSignal = 2
        /// This process ended in the middle of the start.
        ///
        /// Nobody is there to read it.
        case parentGone = 3
        case signals = 4
        case session = 5
        case outOfMemoryScore = 6
        case descriptors = 7
        case workingDirectory = 8
        case limits = 9
        case privileges = 10
        /// The program is missing, may not be executed or is no program.
        case exec = 11
        /// The program is there, but the interpreter or the loader that it names is not.
        case interpreter = 12
        case controlGroup = 13
        case groups = 14
        case user = 15
    }

    public let stage: Stage
    /// 0 when no call failed.
    public let errno: Int32
    /// The path, number or setting it was about.
    public let subject: String

    public init(stage: Stage, errno: Int32, subject: String) {
        self.stage = stage
        self.errno = errno
        self.subject = subject
    }

    /// The error's symbol, such as "ENOENT".
    public var name: String { errnoName(errno) }

    /// "execve /usr/x: ENOENT (No such file or directory)".
    public var description: String {
        let reason = errno == 0 ? "" : ": \(errnoDescription(errno))"
        return switch stage {
        case .report: "report of kernelsup-exec not understood: \(subject)\(reason)"
        case .settings: "kernelsup-exec does not understand '\(subject)'\(reason)"
        case .parentDeathSignal, .privileges: "\(subject)\(reason)"
        case .parentGone: "\(subject), which started this, is gone\(reason)"
        case .signals: "reset of \(subject)\(reason)"
        case .session: "setsid\(reason)"
        case .outOfMemoryScore: "oom_score_adj, \(subject)\(reason)"
        case .descriptors, .groups, .user: "\(subject)\(reason)"
        case .controlGroup: "joining a control group, \(subject)\(reason)"
        case .workingDirectory: "chdir \(subject)\(reason)"
        case .limits: "setrlimit, \(subject)\(reason)"
        case .exec: "execve \(subject)\(reason)"
        case .interpreter:
            "execve \(subject)\(reason): the file is there, its interpreter is not"
        }
    }
}
