internal import CSystemd
internal import LinuxSystem

/// Owns one source of the event loop: it calls its handler until the end of this value's life.
struct EventSource: ~Copyable {
    /// Which of several ready sources goes first.
    enum Priority {
        /// Frames before the news of their sender's death, so that no answer given is lost.
        case frames
        /// In the order in which they became ready.
        case normal
        /// Behind the deaths that explain them.
        case orphans
    }

    private let source: OpaquePointer
    private let box: Unmanaged<HandlerBox>

    /// Takes over what an `sd_event_add_…` call made; on its failure the box is let go.
    init(
        _ source: OpaquePointer?,
        _ box: Unmanaged<HandlerBox>,
        _ priority: Priority,
        _ call: String,
        _ result: Int32
    ) throws(SystemError) {
        guard result >= 0, let source else {
            box.release()
            throw SystemError(call, errno: -result)
        }
        self.source = source
        self.box = box
        switch priority {
        case .frames: sd_event_source_set_priority(source, -10)
        case .normal: break
        case .orphans: sd_event_source_set_priority(source, 10)
        }
    }

    deinit {
        // Allowed inside the source's own handler: libsystemd frees it after the dispatch.
        sd_event_source_disable_unref(source)
        box.release()
    }

    /// Fires the timer once, at `nanoseconds` of the boot clock, never before.
    func arm(at nanoseconds: UInt64) {
        sd_event_source_set_time(source, nanoseconds / 1000 + 1)
        sd_event_source_set_enabled(source, Int32(SD_EVENT_ONESHOT))
    }

    func setEvents(_ events: ReadyEvents) {
        sd_event_source_set_io_events(source, events.rawValue)
    }

    func setEnabled(_ isEnabled: Bool) {
        let mode = isEnabled ? SD_EVENT_ON : SD_EVENT_OFF
        sd_event_source_set_enabled(source, Int32(mode))
    }
}
