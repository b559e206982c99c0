internal import ControlProtocol
internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire

/// The program that tells the operator of an alert.
struct NoticeCommand: Hashable, Configurable {
    /// A variable takes 128 KiB at most; names that don't fit are left out.
    static let maxVariableBytes = 64 << 10

    /// Absolute path and arguments; empty for none.
    var command: [String] = []
    /// A run that takes longer is killed.
    var timeout = Duration.seconds(30)

    mutating func read(_ keys: inout KeyReader) {
        keys.command("command", &command)
        keys.duration("timeout", &timeout, from: .milliseconds(100))
    }

    /// `NAME=value`, all that the run of this number gets.
    ///
    /// `wallOffset` leads from the boot clock to the time since 1970, in nanoseconds.
    static func environment(
        _ notice: OperatorNotice,
        number: Int,
        wallOffset: Int64
    ) -> [String] {
        let since = Int64(clamping: notice.since.nanoseconds).addingReportingOverflow(wallOffset)
        let message = notice.message.withControlPictures ?? notice.message
        return [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            "\(NoticeRun.markName)=\(number)",
            "KERNELSUP_ALERT_GROUP=\(notice.group)",
            "KERNELSUP_ALERT_KERNELS=\(fitting(notice.kernels))",
            "KERNELSUP_ALERT_MESSAGE=\(String(message.unicodeScalars.prefix(4096)))",
            "KERNELSUP_ALERT_SINCE=\(Timestamp(unixMicroseconds: since.partialValue / 1000))",
        ]
    }

    /// As many whole names as fit, with spaces between them.
    private static func fitting(_ names: [String]) -> String {
        var text = ""
        for name in names {
            guard text.utf8.count + name.utf8.count < maxVariableBytes else { break }
            text += text.isEmpty ? name : " " + name
        }
        return text
    }
}
