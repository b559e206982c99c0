internal import SupervisionKit
internal import SupervisionWire

/// Answers the daemon's probes from what the kernels say of themselves.
///
/// Used on the compute thread only, while no call runs. First each kernel computes its known
/// answer. All were right when the worker became ready; one that is not any more says that this
/// process or its device can't be trusted with any call, so that the worker fails as a whole.
struct HealthCheck {
    private let kernels: [(signature: KernelSignature, kernel: any Kernel)]

    init(_ kernels: [(signature: KernelSignature, kernel: any Kernel)]) {
        self.kernels = kernels
    }

    /// How one kernel is, or, for the empty name, the worker as a whole.
    func result(for name: String) -> ProbeResult {
        guard !name.isEmpty else { return wholeWorker }
        guard let (signature, kernel) = kernels.first(where: { $0.signature.name == name }) else {
            return .failed("this worker serves no kernel '\(name)'")
        }
        guard signature.problem.isEmpty else { return .failed(signature.problem) }
        if let mistake = kernel.knownAnswer?.mistake(of: kernel) {
            return .failed("\(name): \(mistake.text)")
        }
        return kernel.check()
    }

    /// A worker fails when nothing it serves would work; where something would, it is degraded.
    ///
    /// Kernels that cannot be called at all are no trouble of the device's or the process's: a new
    /// worker would have them too.
    private var wholeWorker: ProbeResult {
        let callable = kernels.filter { $0.signature.problem.isEmpty }
        for (signature, kernel) in callable {
            if let mistake = kernel.knownAnswer?.mistake(of: kernel) {
                return .failed("\(signature.name): \(mistake.text)")
            }
        }
        var troubles: [String] = []
        var failures = 0
        for (signature, kernel) in callable {
            switch kernel.check() {
            case .ok, .busy:
                break
            case .degraded(let message):
                troubles.append("\(signature.name): \(message)")
            case .failed(let message):
                troubles.append("\(signature.name): \(message)")
                failures += 1
            }
        }
        // Also where nothing can be called: another process would not change that.
        guard !troubles.isEmpty else { return .ok }
        let message = troubles.joined(separator: "; ")
        return failures == callable.count ? .failed(message) : .degraded(message)
    }
}

extension WorkerFrame.Probed {
    init(_ result: ProbeResult, to probe: WorkerFrame.Probe) {
        switch result {
        case .ok:
            self.init(number: probe.number, status: .ok)
        case .degraded(let message):
            self.init(number: probe.number, status: .degraded, message: message)
        case .failed(let message):
            self.init(number: probe.number, status: .failed, message: message)
        case .busy:
            self.init(number: probe.number, status: .busy)
        }
    }
}
