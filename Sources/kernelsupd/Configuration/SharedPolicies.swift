internal import KernelManifest

/// Policies that several places have alike, kept once.
///
/// A kernel that says nothing of its own has those of its group or of `[defaults]`; a thousand of
/// them would otherwise keep two thousand copies, of a kilobyte each.
final class SharedPolicies: Sendable {
    let policies: Policies

    init(_ policies: Policies) {
        self.policies = policies
    }

    /// What a place has that takes these over and says what it says.
    func reading(_ reader: TableReader, _ parts: [Policies.Part]) -> SharedPolicies {
        var own = policies
        own.read(reader, parts)
        return own == policies ? self : SharedPolicies(own)
    }
}
