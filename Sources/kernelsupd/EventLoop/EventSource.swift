internal import CSystemd
internal import LinuxSystem

/// Owns a timer of the event loop, or its interest in a signal: the handler is called until the end
/// of this value's life.
struct EventSource: ~Copyable {
    private let source: OpaquePointer
    private let box: Unmanaged<HandlerBox>

    /// Takes over what an `sd_event_add_…` call made; on its failure the box is let go.
    init(
        _ source: OpaquePointer?,
        _ box: Unmanaged<HandlerBox>,
        _ priority: EventPriority,
        _ call: String,
        _ result: Int32
    ) throws(SystemError) {
        guard result >= 0, let source else {
            box.release()
            throw SystemError(call, errno: -result)
        }
        self.source = source
        self.box = box
        sd_event_source_set_priority(source, priority.level)
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
}
