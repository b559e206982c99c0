/// Which of several that are ready goes first.
enum EventPriority {
    /// Frames before the news of their sender's death, so that no answer given is lost.
    case frames
    /// In the order in which they became ready.
    case normal
    /// Each behind all that is ready, once: a start takes longer than all of it.
    ///
    /// With a lower level they would wait for as long as calls never pause.
    case starts
    /// Behind the deaths that explain them.
    case orphans

    /// libsystemd's number for it.
    var level: Int64 {
        switch self {
        case .frames: -10
        case .normal, .starts: 0
        case .orphans: 10
        }
    }
}
