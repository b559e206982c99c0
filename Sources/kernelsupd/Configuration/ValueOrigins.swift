/// Which values are in force for a group or a kernel, and where each comes from, for those who ask
/// why.
///
/// Places that say nothing of their own share the policies of those before them, so that keeping
/// all costs little beside the configuration itself.
struct ValueOrigins {
    var groups: [String: SharedPolicies] = [:]
    var kernels: [String: SharedPolicies] = [:]

    /// Those of these keys that a kernel or its group has, in the order asked for.
    func settings(_ keys: [String], kernel: String, group: String) -> [Setting] {
        guard !keys.isEmpty else { return [] }
        let all =
            (kernels[kernel]?.policies.settings(of: [.kernel]) ?? [])
            + (groups[group]?.policies.settings(of: [.group]) ?? [])
        return keys.compactMap { key in all.first { $0.key == key } }
    }
}
