import Glibc
import KernelClient
import SupervisionKit
import SupervisionWire

/// A caller that makes one call after another and checks each answer.
final class ChaosClient {
    private let path: String
    /// Stands in the upper bits of its calls' numbers.
    private let number: UInt32
    private var random: SplitMix64
    private var made: UInt32 = 0
    /// Waits long for an answer: one that never comes shows as one that is very late.
    private var client: BlockingKernelClient

    init(_ daemon: DaemonUnderTest, number: UInt32, _ random: SplitMix64) {
        path = daemon.callsPath
        self.number = number
        self.random = random
        client = BlockingKernelClient(path: daemon.callsPath, deadlineGrace: .seconds(30))
    }

    func run(until end: Instant) -> ChaosTally {
        var tally = ChaosTally()
        while now() < end {
            let isOnce = Bool.random(using: &random)
            made += 1
            let id = number << 26 | made
            let timeout = Duration.milliseconds(.random(in: 100...1500, using: &random))
            let result = call(
                isOnce ? "chaos/once" : "chaos/note",
                amount: id,
                timeout: timeout,
                into: &tally
            )
            if isOnce { tally.once[id] = result } else { tally.note[id] = result }
            // Now and then on a new connection.
            if Int.random(in: 0..<100, using: &random) == 0 { client.disconnect() }
        }
        return tally
    }

    @discardableResult
    func call(
        _ kernel: String,
        amount: UInt32,
        timeout: Duration,
        into tally: inout ChaosTally
    ) -> ChaosTally.End {
        // Inline, a full frame, and memory of its own.
        let count = [16, 16, 16, 15_000, 20_000].randomElement(using: &random) ?? 16
        let first = Float(UInt16.random(in: 0 ... .max, using: &random))
        let x = (0..<count).map { first + Float($0) }
        let wait = UInt32.random(in: 0...4, using: &random)
        let deadline = now() + timeout
        do throws(KernelCallError) {
            let result = try client.call(
                kernel,
                [Tensor("x", x), .scalar("amount", amount), .scalar("milliseconds", wait)],
                options: CallOptions(deadline: deadline)
            )
            let end = now()
            tally.count(endedAt: end, deadline: deadline)
            tally.countOK(attempts: result.attempts)
            tally.goodAt.append(end)
            let isRight =
                result["x"]?.f32 == x && result["amount"]?.u32 == [amount]
            if !isRight { tally.wrong += 1 }
            return .ok
        } catch {
            tally.count(endedAt: now(), deadline: deadline)
            tally.count(error)
            // It has no reason to come again at once.
            if let pause = error.retryAfter {
                usleep(UInt32(clamping: min(pause, .milliseconds(20)).saturatedNanoseconds / 1000))
            }
            return error.execution == .notRun ? .notRun : .unknown
        }
    }
}
