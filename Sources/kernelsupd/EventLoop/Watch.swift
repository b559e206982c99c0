/// Owns the place of one descriptor in the event loop: its handler is called until the end of this
/// value's life, and never after it, also when the descriptor was ready before.
struct Watch: ~Copyable {
    private let set: ReadySet
    private let key: UInt64

    init(_ key: UInt64, in set: ReadySet) {
        self.key = key
        self.set = set
    }

    deinit {
        set.remove(key)
    }

    func setEvents(_ events: ReadyEvents) {
        set.setEvents(events, of: key)
    }

    func setEnabled(_ isEnabled: Bool) {
        set.setEnabled(isEnabled, of: key)
    }
}
