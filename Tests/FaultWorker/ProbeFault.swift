internal import Glibc
internal import SupervisionKit

/// How each kernel of the fault worker answers when its health is asked.
enum ProbeFault {
    case degraded
    case failed
    /// The compute thread never comes back from the look.
    case never
    /// Each kernel's look takes that long.
    case late(milliseconds: UInt32)

    /// `degraded`, `failed`, `never` or `late=MS`.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1)
        switch (parts.first, parts.count) {
        case ("degraded", 1): self = .degraded
        case ("failed", 1): self = .failed
        case ("never", 1): self = .never
        case ("late", 2):
            guard let milliseconds = UInt32(parts[1]) else { return nil }
            self = .late(milliseconds: milliseconds)
        default: return nil
        }
    }

    func answer() -> ProbeResult {
        switch self {
        case .degraded:
            return .degraded("slow, as asked")
        case .failed:
            return .failed("broken, as asked")
        case .never:
            Death.hang()
        case .late(let milliseconds):
            usleep(milliseconds &* 1000)
            return .ok
        }
    }
}
