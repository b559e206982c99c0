/// A kernel of the fault worker: what it is called and what it does.
struct ServedFault {
    let name: String
    let fault: Fault
    /// The kernel that `chain` calls.
    let next: String

    /// `fault/…`; its chain ends after one step.
    init(_ fault: Fault) {
        name = fault.kernelName
        self.fault = fault
        next = Fault.echo.kernelName
    }

    /// `NAME=FAULT`, or `NAME=chain:NEXT`.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let words = parts[1].split(separator: ":", maxSplits: 1).map(String.init)
        guard let word = words.first, let fault = Fault(rawValue: word),
            words.count == 1 || fault == .chain
        else { return nil }
        name = parts[0]
        self.fault = fault
        next = words.count == 2 ? words[1] : Fault.echo.kernelName
    }
}
