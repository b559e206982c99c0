internal import KernelManifest
internal import SupervisionKit

/// Where a key stands.
struct Place: Hashable, CustomStringConvertible {
    var path: String
    var span: SourceSpan

    /// `path:line:column`.
    var description: String { "\(path):\(span.position.line):\(span.position.column)" }
}

/// Where the value of a setting comes from.
enum Origin: Hashable, CustomStringConvertible {
    /// Nothing was said: the value is built in, or found beside the daemon.
    case builtIn
    /// A preset, and where it is named.
    case preset(Preset, place: Place)
    /// The key itself.
    case file(place: Place)
    case commandLine
    /// A variable of the daemon's own environment.
    case variable(String)

    var isFile: Bool {
        switch self {
        case .file: true
        case .builtIn, .preset, .commandLine, .variable: false
        }
    }

    var description: String {
        switch self {
        case .builtIn: "default"
        case .preset(let preset, let place): "preset \(preset.rawValue) (\(place))"
        case .file(let place): "\(place)"
        case .commandLine: "command line"
        case .variable(let name): "$\(name)"
        }
    }
}

/// One value in force, as it would stand in a file, and its origin.
struct Setting: Hashable {
    /// With its table: `breaker.timeout`.
    var key: String
    /// In TOML.
    var value: String
    var origin: Origin
}
