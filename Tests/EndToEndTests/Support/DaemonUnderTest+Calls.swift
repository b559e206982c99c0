import ControlProtocol
import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

extension DaemonUnderTest {
    /// Calls a kernel of the fault worker over a connection of its own.
    func call(
        _ kernel: String,
        x: [Float] = [1, 2, 3],
        milliseconds: UInt32? = nil,
        amount: UInt32? = nil,
        timeout: Duration? = nil,
        flags: CallFlags = [],
        key: CallKey = .ofContent
    ) throws(KernelCallError) -> CallResult {
        var client = BlockingKernelClient(path: callsPath)
        var arguments = [Tensor("x", x)]
        if let milliseconds { arguments.append(.scalar("milliseconds", milliseconds)) }
        if let amount { arguments.append(.scalar("amount", amount)) }
        return try client.call(
            kernel,
            arguments,
            options: CallOptions(timeout: timeout, flags: flags, key: key)
        )
    }

    /// As above, for a call that must fail; nil when it does not.
    func failure(
        _ kernel: String,
        milliseconds: UInt32? = nil,
        amount: UInt32? = nil,
        timeout: Duration? = nil,
        flags: CallFlags = [],
        key: CallKey = .ofContent
    ) -> KernelCallError? {
        do throws(KernelCallError) {
            _ = try call(
                kernel,
                milliseconds: milliseconds,
                amount: amount,
                timeout: timeout,
                flags: flags,
                key: key
            )
            return nil
        } catch {
            return error
        }
    }

    /// A kernel that gives its arguments back serves now.
    func expectService(
        of kernel: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try call(kernel, x: [1, 2, 3])
        #expect(result["x"]?.f32 == [1, 2, 3], sourceLocation: sourceLocation)
    }

    /// Waits until this many calls are with the kernel's workers, and that many have begun.
    func waitUntilRunning(_ kernel: String, count: Int = 1) throws {
        try waitUntil("\(count) calls of \(kernel) run") { status in
            status.kernels.first { $0.name == kernel }?.inFlight == count
        }
        try eventually("\(count) calls have begun") { runs >= count }
    }
}

/// How a call ended, to be compared as a whole.
struct Ending: Equatable {
    var code: KernelCallError.Code
    var execution: Execution
    var attempts: Int

    init(_ code: KernelCallError.Code, _ execution: Execution, attempts: Int) {
        self.code = code
        self.execution = execution
        self.attempts = attempts
    }

    init?(_ error: KernelCallError?) {
        guard let error else { return nil }
        self.init(error.code, error.execution, attempts: error.attempts)
    }
}
