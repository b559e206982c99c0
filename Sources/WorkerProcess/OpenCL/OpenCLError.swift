internal import COpenCL

/// A call of the OpenCL library that failed: what was tried, on what, and the library's code.
struct OpenCLError: Error, Hashable, CustomStringConvertible {
    /// The function of the library, `clBuildProgram`.
    let call: String
    let code: Int32
    /// What the call was made for: a program's, a function's or a buffer's name; empty for none.
    let subject: String
    /// What the compiler said; empty for calls that don't compile.
    let buildLog: String

    init(_ call: String, code: Int32, subject: String = "", buildLog: String = "") {
        self.call = call
        self.code = code
        self.subject = subject
        self.buildLog = buildLog
    }

    /// Whether the program's source is at fault and not the device.
    var isBuildFailure: Bool {
        code == CL_BUILD_PROGRAM_FAILURE || code == CL_COMPILE_PROGRAM_FAILURE
            || code == CL_INVALID_BUILD_OPTIONS || code == CL_INVALID_KERNEL_NAME
            || code == CL_LINK_PROGRAM_FAILURE
    }

    var description: String {
        let target = subject.isEmpty ? "" : " of \(subject)"
        let log = buildLog.isEmpty ? "" : "\n\(buildLog)"
        return "\(call)\(target): \(OpenCLError.name(of: code))\(log)"
    }

    /// Throws when `code` is anything but success.
    static func check(
        _ code: Int32,
        _ call: String,
        _ subject: @autoclosure () -> String = ""
    ) throws(OpenCLError) {
        guard code == CL_SUCCESS else {
            throw OpenCLError(call, code: code, subject: subject())
        }
    }
}
