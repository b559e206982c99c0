internal import SupervisionKit
internal import WorkerKit

extension KernelFailure {
    /// What a caller is told when the device did not do what a kernel asked it for.
    init(_ error: OpenCLError) {
        guard !error.isBuildFailure else {
            self.init(.buildFailed, error.description)
            return
        }
        self.init(.deviceFailed, "the device refused: \(error)")
    }

    /// Runs `body` and turns whatever it throws into a failure of the call.
    static func wrapping<Result: ~Copyable>(
        _ body: () throws -> Result
    ) throws(KernelFailure) -> Result {
        do {
            return try body()
        } catch let failure as KernelFailure {
            throw failure
        } catch let error as OpenCLError {
            throw KernelFailure(error)
        } catch {
            throw KernelFailure(.kernelFailed, "\(error)")
        }
    }
}

extension ComputeDevice {
    /// Runs the part of a call that uses the device.
    ///
    /// However `body` ends, the queue has ended before this does, and its time is the call's.
    func serve<Result: ~Copyable>(
        _ call: KernelCall,
        _ body: () throws -> Result
    ) throws(KernelFailure) -> Result {
        defer { call.deviceTime += queue.takeDeviceTime() }
        return try KernelFailure.wrapping { try drained(body) }
    }
}
