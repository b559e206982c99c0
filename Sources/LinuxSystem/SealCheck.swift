internal import CLinux

/// What a look at a descriptor's seals found.
public enum SealCheck: Hashable, Sendable {
    /// A memfd that can neither shrink, nor grow, nor be written to any more.
    case sealed
    /// No memfd: a file, a socket, or no open descriptor at all.
    case notMemfd
    /// A memfd that lacks these seals, in the kernel's words: "F_SEAL_SHRINK", "F_SEAL_GROW",
    /// "F_SEAL_WRITE".
    ///
    /// Reading it could end in SIGBUS or give other bytes the second time.
    case unsealed(missing: [String])

    /// The seals that must be there.
    private static let required: [(seal: Int32, name: String)] = [
        (clinux_f_seal_shrink, "F_SEAL_SHRINK"),
        (clinux_f_seal_grow, "F_SEAL_GROW"),
        (clinux_f_seal_write, "F_SEAL_WRITE"),
    ]

    private static let requiredMask = required.reduce(0) { $0 | $1.seal }

    /// Asks the kernel; the call does not look at the memory and does not depend on its size.
    static func of(_ descriptor: Int32) -> SealCheck {
        let seals = clinux_fcntl(descriptor, clinux_f_get_seals, 0)
        guard seals >= 0 else { return .notMemfd }
        guard seals & requiredMask != requiredMask else { return .sealed }
        let missing = required.filter { seals & $0.seal == 0 }.map(\.name)
        return .unsealed(missing: missing)
    }
}
