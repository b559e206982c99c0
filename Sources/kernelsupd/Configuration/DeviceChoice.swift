/// Which OpenCL device a worker takes.
struct DeviceChoice: Hashable, Configurable {
    /// Part of the platform's name, whatever the case; empty for any.
    var platform = ""
    /// Part of the device's name.
    var name = ""
    var type = "any"
    /// Among those that match.
    var index = 0

    static let types = ["any", "cpu", "gpu", "accelerator"]

    /// For the worker's command line.
    var arguments: [String] {
        var words: [String] = []
        if !platform.isEmpty { words += ["--platform", platform] }
        if !name.isEmpty { words += ["--device", name] }
        if type != "any" { words += ["--device-type", type] }
        if index > 0 { words += ["--device-index", "\(index)"] }
        return words
    }

    mutating func read(_ keys: inout KeyReader) {
        keys.string("platform", &platform, atMost: 256)
        keys.string("name", &name, atMost: 256)
        keys.word("type", &type, among: DeviceChoice.types)
        keys.integer("index", &index, in: 0...255)
    }
}
