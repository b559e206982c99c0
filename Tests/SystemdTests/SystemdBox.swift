import Foundation
import Glibc

/// A machine of the test's own with a real systemd and the built programs installed.
///
/// Tests/Systemd/box makes it and says how; everything in it ends with the value.
final class SystemdBox {
    /// What a command gave.
    struct Output: Equatable {
        var status: Int32
        var text: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let needed = ["/lib/systemd/systemd", "/usr/bin/dbus-daemon", "/usr/sbin/ip"]

    /// Why there can be no box here; nil when there can.
    static var obstacle: String? {
        if geteuid() != 0 { return "only root can boot a systemd of its own" }
        let missing = needed.filter { access($0, X_OK) != 0 && access("/usr" + $0, X_OK) != 0 }
        return missing.isEmpty
            ? nil : "missing: \(missing.joined(separator: ", ")) (systemd dbus iproute2 procps)"
    }

    /// Why a box can't limit memory here; nil when it can.
    static var memoryObstacle: String? {
        if let obstacle { return obstacle }
        let path = "/sys/fs/cgroup/cgroup.controllers"
        let controllers = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return controllers.split(whereSeparator: \.isWhitespace).contains("memory")
            ? nil : "\(path) has no 'memory'"
    }

    private static let tools = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Systemd").path

    /// The built programs lie beside the bundle of the tests.
    private static var programs: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let arguments = CommandLine.arguments + [own ?? ""]
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? own ?? "."
        return URL(filePath: bundle).deletingLastPathComponent().path
    }

    private let directory: String

    /// Boots, with the unit installed and not started.
    init() throws {
        directory = "/run/kernelsupd-box-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let output = try Self.start([
            Self.tools + "/box", directory, "up", Self.tools + "/prepare", Self.programs,
        ])
        guard output.status == 0 else {
            _ = try? Self.start([Self.tools + "/box", directory, "down"])
            throw Failure(description: output.text)
        }
    }

    deinit {
        _ = try? Self.start([Self.tools + "/box", directory, "down"])
    }

    /// Runs a command in the box and gives its standard output and error as one text.
    func run(_ words: String...) throws -> Output {
        try Self.start([Self.tools + "/box", directory, "exec"] + words)
    }

    /// Runs a line of shell in the box.
    func shell(_ line: String) throws -> Output {
        try run("bash", "-c", line)
    }

    /// One property of the unit, as `systemctl show` has it.
    func property(_ name: String) throws -> String {
        try run("systemctl", "show", "--value", "-p", name, "kernelsupd").text
    }

    /// The pid, in the box, of the worker in a slot; nil when there is none.
    func worker(_ slot: String) throws -> String? {
        let status = try run("kernelsupctl", "status", "--format", "json").text
        guard let place = status.range(of: "\"name\":\"\(slot)\""),
            let pid = status[place.upperBound...].prefixMatch(of: /[^{}]*?"pid":([0-9]+)/)
        else { return nil }
        return String(pid.1)
    }

    /// Asks until the answer is yes; fails after two minutes, for the machine may be emulated.
    func wait(for what: String, until isTrue: () throws -> Bool) throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(120)
        while try !isTrue() {
            guard clock.now < end else {
                let log = try run("journalctl", "-u", "kernelsupd", "-o", "short-precise").text
                throw Failure(description: "waited in vain for \(what); the journal:\n\(log)")
            }
            usleep(20_000)
        }
    }

    private static func start(_ words: [String]) throws -> Output {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self)
        return Output(
            status: process.terminationStatus,
            text: text.trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }
}
