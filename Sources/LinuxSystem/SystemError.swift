internal import CLinux
internal import Glibc

/// A system call that failed: which one, with what error, on what.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name, such as "openat".
    public let call: String
    /// The value of `errno` after the call, positive.
    public let errno: Int32
    /// The path or the thing the call was about; empty when the call says it all.
    public let subject: String

    public init(_ call: String, errno: Int32, subject: String = "") {
        self.call = call
        self.errno = errno
        self.subject = subject
    }

    /// The error's symbol, such as "ENOENT"; "errno 4711" for a number that the C library does not
    /// know.
    public var name: String { errnoName(errno) }

    /// "openat /x: ENOENT (No such file or directory)".
    public var description: String {
        let place = subject.isEmpty ? call : "\(call) \(subject)"
        return "\(place): \(errnoDescription(errno))"
    }

    /// The error of the call that has just failed in this thread.
    static func last(_ call: String, subject: String = "") -> SystemError {
        SystemError(call, errno: clinux_errno(), subject: subject)
    }
}

/// The symbol of an error number: "ENOENT".
public func errnoName(_ number: Int32) -> String {
    guard let name = clinux_errno_name(number) else { return "errno \(number)" }
    return String(cString: name)
}

/// The symbol and the C library's untranslated words: "ENOENT (No such file or directory)".
public func errnoDescription(_ number: Int32) -> String {
    guard let text = clinux_errno_text(number) else { return errnoName(number) }
    return "\(errnoName(number)) (\(String(cString: text)))"
}

/// Calls `body` again for as long as a signal interrupts it.
///
/// - Parameters:
///   - call: the name for the error.
///   - subject: what the call is about, built only for an error.
///   - body: one system call that returns -1 and sets `errno` when it fails.
/// - Returns: what the call returned, not negative.
/// - Throws: every error but EINTR.
@discardableResult
func retrying<Result: SignedInteger & FixedWidthInteger>(
    _ call: String,
    _ subject: @autoclosure () -> String = "",
    _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = clinux_errno()
        if number != EINTR { throw SystemError(call, errno: number, subject: subject()) }
    }
}

/// As `retrying`, for calls on descriptors that do not block: nil when the call would have to wait.
func retryingUnlessBlocked<Result: SignedInteger & FixedWidthInteger>(
    _ call: String,
    _ subject: @autoclosure () -> String = "",
    _ body: () -> Result
) throws(SystemError) -> Result? {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = clinux_errno()
        if number == EAGAIN || number == EWOULDBLOCK { return nil }
        if number != EINTR { throw SystemError(call, errno: number, subject: subject()) }
    }
}
