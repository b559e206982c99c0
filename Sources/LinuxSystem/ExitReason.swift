internal import CLinux
internal import Glibc

/// Why a process ended.
public enum ExitReason: Hashable, Sendable, CustomStringConvertible {
    /// It called exit with this status, 0...255.
    case exited(Int32)
    /// A signal killed it.
    case signaled(Int32, coreDumped: Bool)

    /// Reads what waitid(2) reports about a process that ended.
    ///
    /// - Parameters:
    ///   - code: `si_code`, one of CLD_EXITED, CLD_KILLED and CLD_DUMPED.
    ///   - status: `si_status`, the exit status or the signal.
    init(code: Int32, status: Int32) {
        switch code {
        case Int32(CLD_EXITED): self = .exited(status)
        case Int32(CLD_DUMPED): self = .signaled(status, coreDumped: true)
        default: self = .signaled(status, coreDumped: false)
        }
    }

    /// "exited with status 3", "killed by SIGSEGV (core dumped)".
    public var description: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signaled(let signal, coreDumped: false): "killed by \(signalName(signal))"
        case .signaled(let signal, coreDumped: true):
            "killed by \(signalName(signal)) (core dumped)"
        }
    }
}
