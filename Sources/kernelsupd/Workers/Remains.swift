internal import LinuxSystem
internal import SupervisionKit

/// What ended workers have left running, and what waits for its end.
///
/// A worker's slot is free for the next one when the last process of the former is gone: two that
/// share a device's memory or a file would hurt each other.
struct Remains {
    /// A process that a worker has started and that lives on without it.
    final class Orphan {
        let process: ProcessHandle
        /// nil when it can't be told whose it was.
        let slot: SlotID?
        var source: Watch?

        init(_ process: consuming ProcessHandle, of slot: SlotID?) {
            self.process = process
            self.slot = slot
        }

        deinit {
            // Before the descriptor: see `EventLoop.watch`.
            source = nil
        }
    }

    /// The group of an ended worker in which a process still lives.
    final class Group {
        let group: ControlGroup
        let events: ControlGroupEvents
        var source: Watch?

        init(_ group: ControlGroup, _ events: consuming ControlGroupEvents) {
            self.group = group
            self.events = events
        }

        deinit {
            // Before the descriptor: see `EventLoop.watch`.
            source = nil
        }
    }

    /// Killed, by pid.
    var orphans: [Int32: Orphan] = [:]
    /// Killed, by slot.
    var groups: [SlotID: Group] = [:]
    /// Starts that wait.
    var held: [SlotID: WorkerID] = [:]
    /// A worker has ended since the last look for what was left.
    var isLookDue = false
    /// nil before the first worker starts.
    var turns: StartTurns?
    /// Children of the daemon that are no worker's: it had them at its start, or can't tell.
    var strangers: Set<Int32> = []
    /// What the daemon adopts can only come from its workers.
    var adoptsWorkersOnly = true
    /// The daemon ends as soon as nothing is left.
    var isAwaited = false

    var isEmpty: Bool { orphans.isEmpty && groups.isEmpty }

    func isFree(_ slot: SlotID) -> Bool {
        groups[slot] == nil && !orphans.values.contains { $0.slot == slot }
    }

    /// Processes that are left in a slot.
    func processes(in slot: SlotID) -> [Int32] {
        let orphans = orphans.filter { $0.value.slot == slot }.map(\.key)
        return (orphans + (groups[slot]?.group.processes ?? [])).sorted()
    }
}
