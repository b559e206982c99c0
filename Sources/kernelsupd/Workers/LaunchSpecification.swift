/// Everything that a group's worker processes are started with.
struct LaunchSpecification: Hashable {
    /// Absolute path.
    var executable: String
    var arguments: [String]
    /// `NAME=value`, exactly what the process gets besides `KERNELSUP_CHANNEL` and
    /// `KERNELSUP_WORKER`.
    var environment: [String]
    var process: ProcessSettings
    /// Of the contents of the files that the worker reads, so that an edit counts as a change.
    var contentHash: UInt64

    /// What a process gets: `own` is the daemon's, and stands whatever else is said of it.
    ///
    /// A name that is there twice would be read by each program as it likes.
    func environment(with own: [(name: String, value: String)]) -> [String] {
        let others = environment.filter { variable in
            !own.contains { variable.hasPrefix($0.name + "=") }
        }
        return others + own.map { "\($0.name)=\($0.value)" }
    }

    /// The same for the same start: FNV-1a over all parts.
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [executable] + arguments + environment + process.fingerprintParts {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
        }
        return (hash ^ contentHash) &* 0x0000_0100_0000_01B3
    }
}
