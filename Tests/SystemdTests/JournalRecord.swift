import Foundation

/// The fields of a journal record that the tests look at.
struct JournalRecord: Decodable, Hashable {
    var priority: String
    var message: String
    var identifier: String?

    enum CodingKeys: String, CodingKey {
        case priority = "PRIORITY"
        case message = "MESSAGE"
        case identifier = "SYSLOG_IDENTIFIER"
    }
}

extension SystemdBox {
    /// What the daemon itself wrote, oldest first.
    func journal() throws -> [JournalRecord] {
        _ = try run("journalctl", "--sync")
        let lines = try run("journalctl", "-t", "kernelsupd", "-o", "json").text
        return lines.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(JournalRecord.self, from: Data($0.utf8))
        }
    }

    /// Priorities of the records that contain a text.
    func priorities(of text: String) throws -> Set<String> {
        Set(try journal().filter { $0.message.contains(text) }.map(\.priority))
    }

    /// What the daemon told systemd: RELOADING=1, READY=1 and so on, without STATUS and WATCHDOG.
    ///
    /// systemd writes it down at its log level `debug`.
    func notifications() throws -> [String] {
        _ = try run("journalctl", "--sync")
        let lines = try run("journalctl", "_PID=1", "-o", "cat", "--grep", "Got notification").text
        return lines.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("kernelsupd.service"),
                let text = line.firstMatch(of: /\(([A-Z]+=1)[,)]/)?.1, text != "WATCHDOG=1"
            else { return nil }
            return String(text)
        }
    }
}
