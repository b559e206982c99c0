/// Which of several that are ready goes first; the raw values are libsystemd's.
enum EventPriority: Int64 {
    /// Frames before the news of their sender's death, so that no answer given is lost.
    case frames = -10
    /// In the order in which they became ready.
    case normal = 0
    /// Behind the deaths that explain them.
    case orphans = 10
}
