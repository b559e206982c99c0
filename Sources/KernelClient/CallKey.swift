/// What names a call's content to the daemon, which refuses for a while what killed two workers.
///
/// Who sends the same key to a kernel sends the same call.
public enum CallKey: Hashable, Sendable {
    /// A hash of the kernel's name and the arguments: names, types, sizes and all bytes.
    ///
    /// Made when the call is. Equal calls have equal keys in every process and on every machine;
    /// two different ones share a key with a chance of one in 2^64. Shared memory is read once and
    /// its hash kept with it. Nothing here withstands a caller who looks for two contents with one
    /// key.
    case ofContent
    /// The caller's own, the number of a job for instance; 0 is none.
    case given(UInt64)
    /// The daemon forgets what becomes of the call, and never refuses it for what it has done.
    ///
    /// For callers whose calls are all alike: a device that fails twice in a row would have all of
    /// them refused for as long as a content that kills.
    case none
}
