internal import CLinux
internal import Glibc

extension SpawnRequest {
    /// How many descriptors, limits and groups the helper takes.
    static let maxInheritedDescriptors = 253
    static let maxResourceLimits = 32
    static let maxGroups = 1024

    /// The number in the child and the descriptor here, of everything that is passed on.
    private var moves: [(number: Int32, descriptor: Int32)] {
        let standard = [standardInput, standardOutput, standardError].enumerated()
            .compactMap { index, descriptor in descriptor.map { (Int32(index), $0) } }
        return standard + inheritedDescriptors.map { ($0.number, $0.descriptor) }
    }

    /// The descriptors that the helper must find open, each once.
    var sources: [Int32] { Array(Set(moves.map(\.descriptor))).sorted() }

    /// What the helper could not tell, or could tell only later.
    func check() throws(SystemError) {
        func invalid(_ what: String) -> SystemError {
            SystemError("posix_spawn", errno: EINVAL, subject: "\(executable): \(what)")
        }
        guard executable.hasPrefix("/") else { throw invalid("the path is not absolute") }
        guard inheritedDescriptors.count <= Self.maxInheritedDescriptors else {
            throw invalid("\(inheritedDescriptors.count) descriptors")
        }
        guard resourceLimits.count <= Self.maxResourceLimits else {
            throw invalid("\(resourceLimits.count) resource limits")
        }
        let groupCount = user?.groups.count ?? 0
        guard groupCount <= Self.maxGroups else { throw invalid("\(groupCount) groups") }
        guard umask <= 0o777 else { throw invalid("umask \(umask)") }
        var numbers: Set<Int32> = []
        for inherited in inheritedDescriptors {
            guard inherited.number > 2, numbers.insert(inherited.number).inserted else {
                throw invalid("descriptor number \(inherited.number) is standard or used twice")
            }
        }
        // posix_spawn would say only that one of them is bad.
        for descriptor in sources {
            try retrying("fcntl", "descriptor \(descriptor) for \(executable)") {
                clinux_fcntl(descriptor, F_GETFD, 0)
            }
        }
    }

    /// The helper's command line; the format is in the head of its source.
    ///
    /// - Parameter report: the writing end of the report pipe.
    /// - Returns: the words, the helper's own name first.
    func helperArguments(report: Int32) -> [String] {
        var words = ["kernelsup-exec", "report=\(report)", "parent=\(getpid())"]
        words.append("umask=\(String(umask, radix: 8))")
        words += moves.map { "fd=\($0.descriptor):\($0.number)" }
        words += resourceLimits.map { "limit=\($0.resource.rawValue):\($0.soft):\($0.hard)" }
        if let oomScoreAdjust { words.append("oom=\(oomScoreAdjust)") }
        if let controlGroup { words.append("cgroup=\(controlGroup)") }
        if let user {
            words.append("groups=" + user.groups.map(String.init).joined(separator: ","))
            words += ["gid=\(user.group)", "uid=\(user.user)"]
        }
        if let workingDirectory { words.append("cwd=\(workingDirectory)") }
        if noNewPrivileges { words.append("nonewprivs") }
        return words + ["--", executable, executable] + arguments
    }
}
