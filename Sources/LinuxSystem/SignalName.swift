internal import CLinux

/// The symbol of a signal: "SIGSEGV", "SIGRTMIN+3"; "signal 99" for a number that is none.
public func signalName(_ signal: Int32) -> String {
    if let abbreviation = clinux_signal_abbreviation(signal) {
        return "SIG" + String(cString: abbreviation)
    }
    let first = clinux_sigrtmin()
    guard signal >= first, signal <= clinux_sigrtmax() else { return "signal \(signal)" }
    return signal == first ? "SIGRTMIN" : "SIGRTMIN+\(signal - first)"
}
