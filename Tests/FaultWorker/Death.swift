internal import Glibc
internal import SupervisionKit
internal import WorkerKit

/// Ends and endless waits.
enum Death {
    /// By the signal's default action, whatever handler the language's runtime has put there: the
    /// parent sees the signal at once and not after a backtrace.
    static func bySignal(_ number: Int32) -> Never {
        signal(number, SIG_DFL)
        raise(number)
        // A blocked signal comes here; the fault must not turn into a good answer.
        _exit(70)
    }

    /// Says on stderr what is wrong and how it is right.
    static func byMisuse(_ message: String) -> Never {
        var text = Array("\(message)\n\(Options.usage)\n".utf8)
        _ = write(STDERR_FILENO, &text, text.count)
        _exit(WorkerExit.usage)
    }

    /// Never returns and uses no processor time, like a launch that the device never ends.
    static func hang() -> Never {
        while true { pause() }
    }
}

/// Memory that is taken and never given back.
enum Leak {
    static func take(mebibytes: UInt32) throws(KernelFailure) {
        let size = 1 << 20
        for taken in 0..<mebibytes {
            guard let memory = malloc(size) else {
                throw KernelFailure(.kernelFailed, "no memory left after \(taken) MiB")
            }
            // Touched, so that it counts as resident.
            memset(memory, 1, size)
        }
    }
}

/// How often kernels ran, across processes.
enum RunCounter {
    /// Appends one byte to the file that FAULT_COUNT_FILE names.
    ///
    /// - Returns: how many were there before; 0 without such a file.
    static func count() -> UInt32 {
        guard let path = Options.environment("FAULT_COUNT_FILE") else { return 0 }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return 0 }
        defer { Glibc.close(file) }
        var byte: UInt8 = UInt8(ascii: ".")
        _ = write(file, &byte, 1)
        // After an append the position is the end.
        return UInt32(clamping: max(1, lseek(file, 0, SEEK_CUR)) - 1)
    }

    /// Appends a number, four bytes in one write, to the file that FAULT_COUNT_FILE with "-notes"
    /// names.
    static func note(_ number: UInt32) {
        guard let path = Options.environment("FAULT_COUNT_FILE") else { return }
        let file = open(path + "-notes", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        var bytes = number.littleEndian
        _ = write(file, &bytes, 4)
    }
}
