/// Which values are in force for a group or a kernel, and where each comes from, for those who ask
/// why.
///
/// Policies share the storage of what they have not said otherwise, so that keeping all of them
/// costs little beside the configuration itself.
struct ValueOrigins {
    var groups: [String: Policies] = [:]
    var kernels: [String: Policies] = [:]

    /// Those of these keys that a kernel or its group has, in the order asked for.
    func settings(_ keys: [String], kernel: String, group: String) -> [Setting] {
        guard !keys.isEmpty else { return [] }
        let all =
            (kernels[kernel]?.settings(of: [.kernel]) ?? [])
            + (groups[group]?.settings(of: [.group]) ?? [])
        return keys.compactMap { key in all.first { $0.key == key } }
    }
}
