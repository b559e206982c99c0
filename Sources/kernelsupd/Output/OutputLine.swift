internal import SupervisionKit
internal import SupervisionWire

/// One line that a worker has written, as it is kept and shown.
struct OutputLine: Hashable {
    /// Which of its two outputs a worker wrote to.
    enum Stream: UInt8, CaseIterable {
        case standardOutput
        case standardError
    }

    /// What was done to a line, or is special about it.
    struct Marks: OptionSet, Hashable {
        let rawValue: UInt8

        /// Longer than the limit: it goes on in the next line.
        static let cut = Marks(rawValue: 1)
        /// The worker ended before a newline.
        static let unfinished = Marks(rawValue: 2)
        /// Bytes that are no UTF-8 were replaced by U+FFFD.
        static let repaired = Marks(rawValue: 4)
        /// NULs and other control characters were replaced by their pictures, such as U+2400.
        static let controls = Marks(rawValue: 8)
    }

    /// When and by whom something was written.
    struct Stamp: Hashable {
        /// When it was read; the boot clock and, for people, the wall clock in Unix microseconds.
        var at: Instant
        var wallMicroseconds: Int64
        /// Of the worker.
        var incarnation: UInt64
        var pid: Int32
        var stream: Stream
    }

    var stamp: Stamp
    var marks: Marks
    var text: String
}

extension OutputLine {
    /// Makes bytes of any kind readable, and safe for a terminal.
    init(_ bytes: Span<UInt8>, _ stamp: Stamp, _ marks: Marks) {
        let decoded = bytes.withUnsafeBufferPointer { bytes in
            // Written on another system, or to redraw a line of a terminal.
            let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
            return String(validating: bytes, as: UTF8.self).map { ($0, Marks()) }
                ?? (String(decoding: bytes, as: UTF8.self), .repaired)
        }
        let text = decoded.0.withControlPictures
        self.stamp = stamp
        self.marks = marks.union(decoded.1).union(text == nil ? [] : .controls)
        self.text = text ?? decoded.0
    }
}

extension OutputLine.Stream {
    var name: String {
        switch self {
        case .standardOutput: "stdout"
        case .standardError: "stderr"
        }
    }
}

extension OutputLine.Marks {
    /// In the words of logs and of the control protocol.
    var names: [String] {
        let all: [(Self, String)] = [
            (.cut, "cut"), (.unfinished, "unfinished"), (.repaired, "repaired"),
            (.controls, "controls"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
