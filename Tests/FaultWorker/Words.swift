internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import WorkerKit

/// What the fault worker writes before all else, as it is told.
enum Words: String, CaseIterable {
    /// Three lines to standard error.
    case lines
    /// A line to standard output, then one to standard error.
    case both
    /// A line, and one without a newline.
    case half
    /// A line of 10 MiB, and a short one.
    case long
    /// A line with NULs in it.
    case nul
    /// A line that is no UTF-8.
    case broken

    func say() {
        switch self {
        case .lines: write("opening device 0\nloading tables\ntables are missing, giving up\n")
        case .both:
            write("to stdout\n", to: STDOUT_FILENO)
            write("to stderr\n")
        case .half: write("a whole line\nhalf a li")
        case .long:
            Words.write([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20))
            write("\nafter it\n")
        case .nul: Words.write([0x61, 0, 0, 0x62, 0x0A])
        case .broken: Words.write([0x61, 0xC3, 0x28, 0xFF, 0x62, 0x0A])
        }
    }

    private func write(_ text: String, to descriptor: Int32 = STDERR_FILENO) {
        Words.write(Array(text.utf8), to: descriptor)
    }

    /// Returns the longest time that one write took.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32 = STDERR_FILENO) -> Duration {
        var longest = Duration.zero
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 16))
                let start = Clock.now()
                let count = Glibc.write(descriptor, part.baseAddress, part.count)
                longest = max(longest, .nanoseconds(Int64(Clock.now() - start)))
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
        return longest
    }
}

/// Output without end.
enum Flood {
    static let lineBytes = 64

    /// Writes so many MiB of lines of 64 bytes to standard error.
    ///
    /// - Throws: when a single write took longer than a second.
    static func write(mebibytes: UInt32) throws(KernelFailure) {
        let line = [UInt8](repeating: UInt8(ascii: "f"), count: lineBytes - 1) + [0x0A]
        let mebibyte = Array(repeatElement(line, count: (1 << 20) / lineBytes).joined())
        var longest = Duration.zero
        for _ in 0..<mebibytes { longest = max(longest, Words.write(mebibyte)) }
        guard longest < .seconds(1) else {
            throw KernelFailure(.kernelFailed, "a write of 64 KiB took \(longest)")
        }
    }
}
