internal import SupervisionWire

extension WorkerOptions {
    private static let names = [
        "--builtin", "--manifest", "--platform", "--device", "--device-type", "--device-index",
        "--cache", "--list", "--devices", "--version", "--help",
    ]

    /// Reads the arguments that follow the program's name.
    ///
    /// Values follow their option as the next argument or behind `=`.
    ///
    /// - Throws: What is wrong with the first argument that can't be read.
    init(parsing arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = parts.first.map(String.init) ?? ""
            let attached = parts.count > 1 ? String(parts[1]) : nil
            if let mode = WorkerOptions.modes[name] {
                guard attached == nil else {
                    throw UsageError(description: "option \(name) takes no value")
                }
                self.mode = mode
                continue
            }
            guard WorkerOptions.names.contains(name) else {
                throw WorkerOptions.unknown(argument, name: name)
            }
            guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
                throw UsageError(description: "option \(name) needs a value")
            }
            try set(name, to: value)
        }
    }

    private static let modes: [String: Mode] = [
        "--list": .listKernels, "--devices": .listDevices, "--version": .showVersion,
        "--help": .showHelp, "-h": .showHelp,
    ]

    private mutating func set(_ name: String, to value: String) throws(UsageError) {
        switch name {
        case "--builtin":
            builtins.append(value)
        case "--manifest":
            manifests.append(value)
        case "--platform":
            device.platform = value
        case "--device":
            device.device = value
        case "--cache":
            cache = value
        case "--device-type":
            device.kind = try WorkerOptions.kind(value)
        case "--device-index":
            guard let index = Int(value), (0..<1024).contains(index) else {
                throw UsageError(
                    description: "option --device-index is '\(value)', wanted is a number 0...1023"
                )
            }
            device.index = index
        default:
            throw UsageError(description: "option \(name) is not known")
        }
    }

    private static func kind(_ value: String) throws(UsageError) -> OpenCLDevice.Kind? {
        switch value {
        case "any": return nil
        case "cpu": return .cpu
        case "gpu": return .gpu
        case "accelerator": return .accelerator
        default:
            throw UsageError(
                description: "option --device-type is '\(value)', "
                    + "wanted is cpu, gpu, accelerator or any"
            )
        }
    }

    private static func unknown(_ argument: String, name: String) -> UsageError {
        guard argument.hasPrefix("-") else {
            return UsageError(
                description: "argument '\(argument)' is not an option; "
                    + "did you mean --builtin \(argument)?"
            )
        }
        let hint = nearest(name, among: names).map { "; did you mean \($0)?" } ?? ""
        return UsageError(description: "option \(name) is not known\(hint)")
    }
}
