internal import KernelManifest
internal import SupervisionKit

/// What has keys of its own in a configuration.
protocol Configurable {
    /// Names every key once, with the value that it sets and what is allowed.
    mutating func read(_ keys: inout KeyReader)
}

/// Goes over the keys of a policy: sets them from one place of the files, or lists them.
///
/// A policy names its keys in one function, and that one is used for both: what is shown is what is
/// read. Setting keeps the origin of each key; a key that is absent or wrong keeps its value and
/// its origin.
struct KeyReader {
    /// Longest span that a key takes: beyond a year it is a slip.
    static let longest = Duration.seconds(366 * 86_400)
    /// Largest size that a key takes.
    static let mostBytes: UInt64 = 1 << 50

    /// By key with its table; what is not here is built in.
    private(set) var origins: [String: Origin]
    /// When listing, in the order of reading.
    private(set) var settings: [Setting] = []
    private let isListing: Bool
    /// Of the table at hand; nil when it isn't there.
    private(set) var reader: TableReader?
    /// "breaker." within the table of that name.
    private var prefix = ""
    /// Keys at hand that have a right value here.
    private var given: [String] = []
    /// Keys at hand that have a wrong one, which is reported already.
    private var broken: Set<String> = []

    /// Sets what stands in a table.
    init(_ reader: TableReader, origins: [String: Origin]) {
        self.reader = reader
        self.origins = origins
        isListing = false
    }

    /// Lists values as they are.
    init(listing origins: [String: Origin]) {
        self.origins = origins
        isListing = true
    }

    /// The keys of an inner table.
    mutating func table(_ name: String, _ policy: inout some Configurable) {
        let inner = reader?.table(name)
        guard inner != nil || isListing else { return }
        let outer = self
        reader = inner
        prefix += name + "."
        given = []
        broken = []
        policy.read(&self)
        reader = outer.reader
        prefix = outer.prefix
        given = outer.given
        broken = outer.broken
    }

    /// Takes one value: `read` gives nil when it is wrong, and has reported it then.
    ///
    /// - Returns: whether it was set here.
    @discardableResult
    mutating func value<Value>(
        _ key: String,
        _ value: inout Value,
        text: (Value) -> String,
        read: (TableReader) -> Value?
    ) -> Bool {
        var isSet = false
        if let reader {
            // Asked for in any case: that makes it a known key.
            let new = read(reader)
            if let new {
                value = new
                given.append(key)
                origins[prefix + key] = .file(place: reader.place(of: key))
                isSet = true
            } else if reader.has(key) {
                broken.insert(key)
            }
        }
        if isListing {
            let name = prefix + Self.name(of: key)
            settings.append(Setting(key: name, value: text(value), origin: origin(key)))
        }
        return isSet
    }

    /// Says that a value came from elsewhere than a file.
    mutating func set(_ key: String, origin: Origin) {
        origins[prefix + key] = origin
    }

    func origin(_ key: String) -> Origin {
        origins[prefix + key] ?? .builtIn
    }

    // MARK: - Errors

    /// Reports a key that can't be one, whatever its value.
    func refuse(_ key: String, _ message: String) {
        guard let reader else { return }
        _ = reader.node(key)
        reader.error(at: reader.keySpan(of: key) ?? reader.span, message)
    }

    /// Reports keys that contradict one another, at the first that stands here.
    ///
    /// Nothing is said where none of them is set: the place that set them has been told.
    func check(_ isRight: Bool, _ keys: String..., message: @autoclosure () -> String) {
        guard !isRight, let reader, broken.isDisjoint(with: keys) else { return }
        guard let key = keys.first(where: given.contains) else { return }
        let others = keys.filter { !given.contains($0) }
        let notes = others.map { "`\($0)` comes from: \(origin($0))" }
        reader.error(
            at: reader.span(of: key),
            message(),
            note: notes.isEmpty ? nil : notes.joined(separator: "; ")
        )
    }

    /// Reports a span that is longer than the one that bounds it.
    func check(_ key: String, _ value: Duration, atMost other: String, _ bound: Duration) {
        check(
            value <= bound,
            key,
            other,
            message: "`\(key)` (\(DurationText.format(value))) is longer than "
                + "`\(other)` (\(DurationText.format(bound)))"
        )
    }
}

extension TableReader {
    /// Of a key, or of the table where it isn't there.
    func place(of key: String) -> Place {
        Place(path: file.path, span: keySpan(of: key) ?? span)
    }
}
