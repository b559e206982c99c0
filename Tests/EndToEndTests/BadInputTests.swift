import ControlProtocol
import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

/// What clients send that is not what the protocol's page says: each breach has its answer, is
/// counted, and hurts nobody else.
@Suite(.showsDaemonLog)
struct BadInputTests {
    struct Breach: Sendable {
        /// A mode of client.py.
        var mode: String
        /// What the breach is answered with.
        var outcomes: [String]
        /// What the daemon counts; what the worker finds is the worker's.
        var counted: [String: Int]

        static func malformed(_ mode: String) -> Breach {
            Breach(
                mode: mode,
                outcomes: ["malformed_frame"],
                counted: ["malformed_frame": 1]
            )
        }

        static func foundByWorker(_ mode: String) -> Breach {
            Breach(mode: mode, outcomes: ["malformed_frame"], counted: [:])
        }
    }

    static let breaches = [
        .malformed("truncated"), .malformed("tiny"), .malformed("half-header"),
        .malformed("wrong-magic"), .malformed("wrong-type"), .malformed("lying-length"),
        .malformed("oversized"), .malformed("zero-id"), .malformed("many-tensors"),
        .malformed("unexpected"), .malformed("pipe"), .malformed("unsealed"),
        .malformed("half-sealed"), .malformed("extra-descriptors"),
        .malformed("missing-descriptors"), .malformed("too-many-descriptors"),
        .foundByWorker("bad-table"), .foundByWorker("short-memfd"),
        Breach(
            mode: "wrong-version",
            outcomes: ["unsupported_version"],
            counted: ["unsupported_version": 1]
        ),
        Breach(mode: "unknown-cancel", outcomes: [], counted: [:]),
        Breach(
            mode: "garbage",
            outcomes: Array(repeating: "malformed_frame", count: 100),
            counted: ["malformed_frame": 100]
        ),
    ]

    // K03, K09
    @Test func `each breach has its answer and is counted, and the connection goes on`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let client = PythonClient(daemon: daemon)
            let descriptors = try daemon.restingDescriptorCount()
            let worker = try daemon.workerPID(of: "fault/echo")
            var expected: [String: Int] = [:]
            for breach in BadInputTests.breaches {
                let seen = try client.hostile(breach.mode, "fault/echo", "x=f32:[1,2,3]")
                #expect(seen.hostile.map(\.outcome) == breach.outcomes, "\(breach.mode)")
                #expect(
                    seen.hostile.allSatisfy { $0.execution == "not_run" && !$0.message.isEmpty },
                    "\(breach.mode)"
                )
                #expect(seen.connection == "open", "\(breach.mode)")
                #expect(seen.after?.outcome == "result", "\(breach.mode)")
                expected.merge(breach.counted, uniquingKeysWith: +)
                let counted = try daemon.status().badInput
                #expect(counted == expected, "\(breach.mode)")
            }
            let status = try daemon.waitUntil("all have left") { $0.clients == 0 }
            #expect(status.calls.inFlight == 0 && status.calls.queued == 0)
            let left = try daemon.restingDescriptorCount()
            #expect(left == descriptors)
            let same = try daemon.workerPID(of: "fault/echo")
            #expect(same == worker)
        }
    }

    @Test func `an id that is in flight is refused and the call that has it goes on`() throws {
        try withDaemon(.fault("sleep")) { daemon in
            let client = try RawClient(daemon)
            try client.call("fault/sleep", id: 5, milliseconds: 500)
            try client.call("fault/sleep", id: 5)
            let refused = try client.reply().head
            #expect(refused.id == 5 && refused.error == .malformedFrame)
            #expect(refused.message.contains("in flight"))
            let answered = try client.reply().head
            #expect(answered.id == 5 && answered.error == nil)
            #expect(daemon.runs == 1)
        }
    }

    @Test func `an unknown kernel is answered with the nearest names`() throws {
        try withDaemon(.fault("echo"), .fault("sleep")) { daemon in
            let client = try RawClient(daemon)
            try client.call("fault/ecko", id: 1)
            let head = try client.reply().head
            #expect(head.error == .unknownKernel && head.execution == .notRun)
            #expect(head.message.contains("'fault/ecko'") && head.message.contains("'fault/echo'"))
            let counted = try daemon.status().badInput
            #expect(counted == ["unknown_kernel": 1])
        }
    }

    @Test func `another version is answered in our own, with the versions that are spoken`()
        throws
    {
        try withDaemon(.fault("echo")) { daemon in
            let client = try RawClient(daemon)
            var bytes = try RawClient.frame("fault/echo", id: 77)
            // The version stands at byte 4 of each frame. A later one may have any length.
            bytes[4] = 2
            try client.send(Array(bytes.prefix(40)))
            let head = try client.reply().head
            #expect(head.id == 77 && head.error == .unsupportedVersion)
            #expect(head.message.contains("1") && head.message.contains("2"))
        }
    }

    @Test func `an empty packet ends the connection and nothing else`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let client = try RawClient(daemon)
            try client.send([])
            let end = try client.receive()
            #expect(end == .closed)
            try daemon.waitUntil("it has left") { $0.clients == 0 }
            try daemon.expectService(of: "fault/echo")
        }
    }

    // K03
    @Test func `the control socket survives what is no request`() throws {
        try withDaemon(.fault("echo")) { daemon in
            let malformed = try daemon.exchange(Array("[1, 2".utf8) + [0])
            #expect(String(decoding: malformed, as: UTF8.self).contains("MalformedRequest"))
            let unknown = try daemon.exchange(Array(#"{"method":"org.example.Foo"}"#.utf8) + [0])
            #expect(String(decoding: unknown, as: UTF8.self).contains("InterfaceNotFound"))
            // Without an end, and longer than any request: the connection is closed.
            let flood = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
            #expect(throws: (any Error).self) { try daemon.exchange(flood) }
            let status = try daemon.status()
            #expect(status.isReady)
        }
    }
}
