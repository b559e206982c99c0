/// Holds back the workers of a device that several of them died on, until one has come up again.
///
/// When a driver resets or a device falls off the bus, all its workers die within moments, and to
/// start them all at once can bring the device down again. So when `threshold` slots of one device
/// die within `window`, one of them, the canary, starts alone. When it is ready the others follow,
/// each after a random time of its own. A false alarm costs the time of one start.
///
/// What is tried again, and when, stays with the owner: each slot keeps its own restart delay and
/// asks here before it starts. The canary stays the canary while it fails and is tried again, so
/// that its delay bounds how often a bad device is tried at all.
///
/// Only deaths that a device could have caused belong here (a crash, a hang, a kill for memory),
/// no orderly end. A device is known here only while something is known against it, and no more
/// than `maxDevices` are: the workers of a further one are never held.
public struct DeviceGuard: Hashable, Sendable {
    public static let maxDevices = 64

    /// What is thought of a device.
    public enum State: Hashable, Sendable {
        case trusted
        /// Only the canary may start; nil when the next slot that asks becomes it.
        case suspect(canary: Int?)
        /// The canary lives; those that were held follow until then.
        case releasing(until: Instant)
    }

    /// What follows from an event.
    public enum Action: Hashable, Sendable {
        case none
        /// The device is suspect from now on.
        case suspected
        /// The canary died; it asks again after its own delay.
        case canaryFailed
        /// There is no canary any more: these wait, in ascending order, and the first to ask
        /// becomes it.
        case needsCanary(held: [Int])
        /// The canary is ready: these, in ascending order, may ask again.
        case released([Int])
    }

    /// Whether a slot may start.
    public enum Permission: Hashable, Sendable {
        case yes
        case notBefore(Instant)
        /// Ask again when an action names the slot.
        case waitForCanary
    }

    /// How many distinct slots of a device must die for it to be suspect; 2 to 64, and clamped.
    public var threshold: Int
    /// Within what time they must die.
    public var window: Duration
    /// The longest that a released slot is still delayed; zero or less is not at all.
    public var spread: Duration
    private var devices: [String: Device] = [:]

    public init(
        threshold: Int = 2,
        window: Duration = .seconds(5),
        spread: Duration = .seconds(1)
    ) {
        self.threshold = threshold
        self.window = window
        self.spread = spread
    }

    /// How many devices something is known about.
    public var trackedDevices: Int { devices.count }

    public func state(of device: String, at now: Instant) -> State {
        devices[device]?.state(at: now) ?? .trusted
    }

    /// The worker of `slot` died in a way that its device could have caused.
    ///
    /// - Parameters:
    ///   - slot: where it died.
    ///   - device: the device it used; the empty name is no device.
    ///   - now: the instant of the death.
    /// - Returns: whether the device is suspect from now on, or its canary has failed.
    public mutating func died(slot: Int, device: String, at now: Instant) -> Action {
        guard !device.isEmpty else { return .none }
        if devices[device] == nil { makeRoom(at: now) }
        guard devices[device] != nil || devices.count < Self.maxDevices else { return .none }
        let limit = min(max(2, threshold), 64)
        return devices[device, default: Device()].died(slot, at: now, threshold: limit, window)
    }

    /// The worker of `slot` is to start.
    public mutating func mayStart(slot: Int, device: String, at now: Instant) -> Permission {
        devices[device]?.mayStart(slot, at: now) ?? .yes
    }

    /// The worker of `slot` is ready.
    ///
    /// Only the canary's word counts: another that came up may have been up before the fault.
    public mutating func ready(
        slot: Int,
        device: String,
        at now: Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Action {
        devices[device]?.ready(slot, at: now, spread: spread, using: &generator) ?? .none
    }

    /// Nobody will start `slot` soon: it was stopped, quarantined, or failed for good.
    public mutating func withdraw(slot: Int, device: String) -> Action {
        devices[device]?.withdraw(slot) ?? .none
    }

    /// Forgets the devices that nothing recent is known against.
    private mutating func makeRoom(at now: Instant) {
        guard devices.count >= Self.maxDevices else { return }
        let window = window
        devices = devices.filter { !$0.value.isForgettable(at: now, window) }
    }
}
