internal import CSystemd

/// What a descriptor is ready for, in epoll's bits.
struct ReadyEvents: OptionSet {
    let rawValue: UInt32

    static let readable = ReadyEvents(rawValue: EPOLLIN.rawValue)
    /// A file of the kernel's own says something else than at the last look.
    static let urgent = ReadyEvents(rawValue: EPOLLPRI.rawValue)
    static let writable = ReadyEvents(rawValue: EPOLLOUT.rawValue)
    static let hungUp = ReadyEvents(rawValue: EPOLLHUP.rawValue)
    static let failed = ReadyEvents(rawValue: EPOLLERR.rawValue)
}
