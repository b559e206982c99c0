import ControlProtocol

/// "process 8123 (kernelsup-worker), in uninterruptible sleep (D) in nvidia_poll, since 14:05:12";
/// nil for a slot that is not stuck.
func stuckText(_ slot: SlotStatus, _ presentation: Presentation) -> String? {
    guard slot.state == .stuck, let pid = slot.pid else { return nil }
    let since = "since \(presentation.clock(slot.since))"
    guard let process = slot.stuck else { return "process \(pid), \(since)" }
    let place = process.waitChannel.map { " in \($0)" } ?? ""
    let state = stateText(process.state)
    return "process \(pid) (\(process.program)), \(state)\(place), \(since)"
}

/// The letter of proc(5) with its meaning.
private func stateText(_ letter: String) -> String {
    let meaning: String? =
        switch letter {
        case "R": "running"
        case "S": "asleep"
        case "D": "in uninterruptible sleep"
        case "T": "stopped"
        case "t": "stopped by a tracer"
        case "Z": "ended but not gone"
        default: nil
        }
    return meaning.map { "\($0) (\(letter))" } ?? "in state \(letter)"
}
