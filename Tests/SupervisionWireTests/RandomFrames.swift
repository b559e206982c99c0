import Foundation
import SupervisionKit
import SupervisionWire

/// The seed of a randomised test: a new one each time, or that of `KERNELSUP_TEST_SEED`.
///
/// It is printed before the test starts, so that a run that traps can be repeated as well.
func makeSeed(of test: String = #function) -> UInt64 {
    let wanted = ProcessInfo.processInfo.environment["KERNELSUP_TEST_SEED"].flatMap(UInt64.init)
    let seed = wanted ?? UInt64.random(in: 1...UInt64.max)
    FileHandle.standardError.write(Data("KERNELSUP_TEST_SEED=\(seed) for \(test)\n".utf8))
    return seed
}

extension SplitMix64 {
    /// A number that is often small, often at an edge, sometimes anything.
    mutating func number() -> UInt64 {
        switch next() % 4 {
        case 0: next() % 16
        case 1: .max - next() % 4
        case 2: 1 << (next() % 64)
        default: next()
        }
    }

    mutating func below(_ limit: Int) -> Int {
        Int(next() % UInt64(limit))
    }

    /// A text of up to `limit` bytes, with characters of one to four bytes.
    mutating func text(atLeast minimum: Int = 0, limit: Int) -> String {
        let scalars: [Unicode.Scalar] = ["a", "/", "é", "€", "𝄞", "\n", "\u{301}", "\u{7F}"]
        let wanted = minimum + below(Swift.min(limit, 200) - minimum + 1)
        var result = "k"
        while result.utf8.count < wanted {
            result.unicodeScalars.append(scalars[below(scalars.count)])
        }
        guard result.utf8.count <= wanted else { return String(repeating: "k", count: wanted) }
        return wanted == 0 ? "" : result
    }

    mutating func span() -> Duration {
        .nanoseconds(Int64(clamping: number()))
    }

    mutating func head() -> CallHead {
        CallHead(
            id: Swift.max(1, number()),
            flags: CallFlags(rawValue: UInt32(truncatingIfNeeded: next())),
            deadline: Instant(nanoseconds: number()),
            attempt: UInt32(truncatingIfNeeded: number()),
            parent: number(),
            chainDepth: UInt16(truncatingIfNeeded: number()),
            trace: TraceID(high: number(), low: number()),
            key: number()
        )
    }

    mutating func replyHead() -> ReplyHead {
        let sendable = CallError.allCases.filter { $0 != .connectionLost }
        let error = below(2) == 0 ? nil : sendable[below(sendable.count)]
        let lost: [Execution] = [.notRun, .answerLost, .ranAndFailed]
        return ReplyHead(
            id: number(),
            error: error,
            execution: error == nil ? .ran : lost[below(lost.count)],
            isDegraded: below(2) == 0,
            attempts: UInt32(truncatingIfNeeded: number()),
            retryAfter: span(),
            queued: span(),
            executed: span(),
            device: span(),
            incarnation: number(),
            worker: text(limit: Limits.maxNameBytes),
            message: text(limit: Limits.maxMessageBytes)
        )
    }

    /// Up to `Limits.maxTensors` tensors, inline and not, with names that differ.
    mutating func tensors(descriptorCount: Int) -> [OutgoingTensor] {
        let count = below(4) == 0 ? below(Limits.maxTensors + 1) : below(4)
        return (0..<count).map { index in
            let type = ElementType.allCases[below(ElementType.allCases.count)]
            let shape = (0..<below(Limits.maxRank + 1)).map { _ in UInt64(below(4)) }
            let name = String("\(index)" + text(limit: 30))
            guard descriptorCount > 0, below(2) == 0 else {
                let byteCount = shape.reduce(type.size) { $0 * Int($1) }
                let small = byteCount <= Limits.maxInlineBytes / Limits.maxTensors
                let data = (0..<(small ? byteCount : type.size)).map { _ in
                    UInt8(truncatingIfNeeded: next())
                }
                return OutgoingTensor(
                    name: name,
                    type: type,
                    shape: small ? shape : [],
                    payload: .bytes(data)
                )
            }
            let large = shape.map { $0 * 50 }
            return OutgoingTensor(
                name: name,
                type: type,
                shape: Array(large.prefix(4)),
                payload: .descriptor(
                    index: below(descriptorCount),
                    offset: 8 * (next() % (Limits.maxTensorBytes / 8))
                )
            )
        }
    }

    mutating func workerFrame() -> WorkerFrame {
        switch next() % 9 {
        case 0:
            let version = UInt16(truncatingIfNeeded: next())
            return .hello(
                .init(
                    minimumVersion: version / 2,
                    maximumVersion: version,
                    concurrency: UInt32(1 + below(Int(Limits.maxConcurrency))),
                    hasLifeline: below(2) == 0
                )
            )
        case 1:
            return .welcome(
                .init(
                    version: UInt16(truncatingIfNeeded: next()),
                    heartbeatMilliseconds: UInt32(1 + below(3_600_000)),
                    incarnation: number(),
                    worker: text(limit: Limits.maxNameBytes)
                )
            )
        case 2:
            return .ready(
                .init(
                    device: text(limit: 100),
                    kernels: (0..<below(6)).map { kernel(number: $0) }
                )
            )
        case 3:
            return .heartbeat(.init(runningCall: number(), progress: number(), ended: number()))
        case 4: return .cancel(id: number())
        case 5: return .shutdown
        case 6: return .probe(.init(number: number(), kernel: text(limit: Limits.maxNameBytes)))
        case 7:
            let statuses = WorkerFrame.Probed.Status.allCases
            return .probed(
                .init(
                    number: number(),
                    status: statuses[below(statuses.count)],
                    message: text(limit: Limits.maxProbeMessageBytes)
                )
            )
        default: return .refuse(message: text(limit: Limits.maxMessageBytes))
        }
    }

    private mutating func kernel(number: Int) -> KernelSignature {
        KernelSignature(
            name: "\(number)" + text(limit: 120),
            summary: text(limit: 200),
            isIdempotent: below(2) == 0,
            arguments: (0..<below(6)).map { argument in
                KernelSignature.Argument(
                    name: "\(argument)" + text(limit: 30),
                    direction: below(2) == 0 ? .input : .output,
                    type: ElementType.allCases[below(ElementType.allCases.count)],
                    shape: (0..<below(Limits.maxRank + 1)).map { _ in text(atLeast: 1, limit: 20) },
                    defaultValue: below(2) == 0 ? nil : text(limit: 20),
                    range: text(limit: 20),
                    documentation: text(limit: 100)
                )
            },
            problem: text(limit: 200)
        )
    }
}
