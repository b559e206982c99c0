internal import ControlProtocol
internal import SupervisionKit
internal import SupervisionWire

/// The core's words in those of the control protocol, case by case.
extension KernelState {
    init(_ state: SupervisionKit.HealthState) {
        switch state {
        case .healthy: self = .healthy
        case .degraded: self = .degraded
        case .down: self = .down
        case .unknown: self = .unknown
        }
    }

    /// Worst first.
    var badness: Int {
        switch self {
        case .down: 0
        case .degraded: 1
        case .unknown: 2
        case .healthy: 3
        }
    }
}

extension ControlProtocol.SlotRole {
    init(_ role: SupervisionKit.SlotRole) {
        switch role {
        case .active: self = .active
        case .standby: self = .standby
        case .degraded: self = .degraded
        case .backup: self = .backup
        }
    }
}

extension Kernel.Argument {
    init(_ argument: KernelSignature.Argument) {
        self.init(
            name: argument.name,
            direction: argument.direction == .input ? .input : .output,
            type: argument.type.name,
            shape: argument.shape,
            defaultValue: argument.defaultValue,
            range: argument.range.isEmpty ? nil : argument.range,
            documentation: argument.documentation
        )
    }
}

extension Duration {
    /// For JSON.
    var inSeconds: Double { Double(saturatedNanoseconds) / 1e9 }
}

extension BreakerStatus.State {
    init(_ state: CircuitBreaker.State) {
        switch state {
        case .closed: self = .closed
        case .open: self = .open
        case .halfOpen: self = .halfOpen
        }
    }
}

extension BreakerStatus.Override {
    init(_ override: BreakerOverride) {
        switch override {
        case .none: self = .none
        case .forcedOpen: self = .forcedOpen
        case .forcedClosed: self = .forcedClosed
        case .observe: self = .observe
        }
    }
}

extension BreakerOverride {
    init(_ override: BreakerStatus.Override) {
        switch override {
        case .none: self = .none
        case .forcedOpen: self = .forcedOpen
        case .forcedClosed: self = .forcedClosed
        case .observe: self = .observe
        }
    }
}

extension AlertState {
    init(_ alert: RecoveryLadder.Alert) {
        switch alert {
        case .none: self = .none
        case .raised: self = .raised
        case .acknowledged: self = .acknowledged
        }
    }
}

extension ProbeState {
    /// nil where nothing is known.
    init?(_ status: HealthStatus) {
        switch status {
        case .unknown: return nil
        case .healthy: self = .healthy
        case .degraded: self = .degraded
        case .unhealthy: self = .unhealthy
        }
    }
}

extension HealthStatus {
    /// nil where there is nothing to explain.
    var why: String? {
        switch self {
        case .unknown, .healthy: nil
        case .degraded(let why), .unhealthy(let why): why
        }
    }
}
