import Glibc
import Testing

@testable import LinuxSystem

/// How a started process went.
struct Finished: Equatable {
    var outcome: SpawnReport.Outcome
    var reason: ExitReason
}

/// A request with the defaults of these tests.
func makeRequest(
    _ executable: String,
    _ arguments: [String] = [],
    environment: [String] = ["PATH=/usr/bin:/bin"]
) throws -> SpawnRequest {
    SpawnRequest(
        helperPath: try helperPath(),
        executable: executable,
        arguments: arguments,
        environment: environment
    )
}

/// A started process, which is killed and reaped when the test ends early.
///
/// One that nobody reaps would keep the test library from noticing the ends of its own children.
struct Child: ~Copyable {
    let process: ProcessHandle
    let report: FileDescriptor

    init(_ request: SpawnRequest) throws {
        let spawned = try Spawn.start(request)
        process = spawned.process
        report = spawned.report
    }

    init(process: consuming ProcessHandle, report: consuming FileDescriptor) {
        self.process = process
        self.report = report
    }

    deinit {
        try? process.signalGroup(SIGKILL)
        try? waitUntilReadable(process.rawDescriptor)
        _ = try? process.reap()
    }
}

/// Reads the report to its end.
func outcome(of report: borrowing FileDescriptor) throws -> SpawnReport.Outcome {
    var reader = SpawnReport()
    while true {
        try waitUntilReadable(report.rawValue)
        if let outcome = try reader.read(from: report) { return outcome }
    }
}

/// Waits for the end of the process.
func reason(of process: borrowing ProcessHandle) throws -> ExitReason {
    try waitUntilReadable(process.rawDescriptor)
    return try #require(try process.reap())
}

/// Starts the program and waits for its end.
func run(_ request: SpawnRequest) throws -> Finished {
    let child = try Child(request)
    return Finished(
        outcome: try outcome(of: child.report),
        reason: try reason(of: child.process)
    )
}

/// Starts the program, expects it to succeed, and returns what it wrote.
func output(of request: SpawnRequest) throws -> String {
    let pipe = try Pipe.create()
    var request = request
    request.standardOutput = pipe.writer.rawValue
    request.standardError = pipe.writer.rawValue
    let child = try Child(request)
    try close(pipe.writer)
    let bytes = try readToEnd(pipe.reader)
    let finished = Finished(
        outcome: try outcome(of: child.report),
        reason: try reason(of: child.process)
    )
    let text = String(decoding: bytes, as: UTF8.self)
    try #require(finished == Finished(outcome: .executed, reason: .exited(0)), "\(text)")
    return text
}

func close(_ descriptor: consuming FileDescriptor) throws {
    try #require(Glibc.close(descriptor.release()) == 0)
}

/// A child that runs until it is told to end, for looking at from outside.
///
/// It is /bin/cat with pipes, and it has answered once: it is past its dynamic loader, which has
/// files open of its own.
struct Bystander: ~Copyable {
    let child: Child
    let input: FileDescriptor
    let output: FileDescriptor

    init(_ prepare: (inout SpawnRequest) throws -> Void = { _ in }) throws {
        let input = try Pipe.create()
        let output = try Pipe.create()
        var request = try makeRequest("/bin/cat")
        request.standardInput = input.reader.rawValue
        request.standardOutput = output.writer.rawValue
        try prepare(&request)
        // The child sees a descriptor that does not wait, as everybody who has it; cat wants to
        // wait.
        try input.reader.setNonblocking(false)
        let child = try Child(request)
        try write("ready", to: input.writer)
        try #require(try outcome(of: child.report) == .executed)
        try #require(try readPart(output.reader) == Array("ready".utf8))
        self.child = child
        self.input = input.writer
        self.output = output.reader
    }

    consuming func end() throws -> ExitReason {
        let child = self.child
        try close(input)
        return try reason(of: child.process)
    }
}
