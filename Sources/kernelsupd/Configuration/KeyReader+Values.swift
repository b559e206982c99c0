internal import KernelManifest

/// Kinds of values.
extension KeyReader {
    mutating func integer(_ key: String, _ value: inout Int, in range: ClosedRange<Int>) {
        self.value(key, &value, text: { "\($0)" }, read: { $0.integer(key, in: range) })
    }

    mutating func number(_ key: String, _ value: inout Double, in range: ClosedRange<Double>) {
        self.value(key, &value, text: { "\($0)" }, read: { $0.number(key, in: range) })
    }

    /// A number, or false for nil.
    mutating func numberOrFalse(
        _ key: String,
        _ value: inout Double?,
        in range: ClosedRange<Double>
    ) {
        self.value(
            key,
            &value,
            text: { $0.map { "\($0)" } ?? "false" },
            read: { $0.numberOrFalse(key, in: range).map(\.value) }
        )
    }

    mutating func boolean(_ key: String, _ value: inout Bool) {
        self.value(key, &value, text: { "\($0)" }, read: { $0.boolean(key) })
    }

    /// A span up to a year.
    mutating func duration(_ key: String, _ value: inout Duration, from least: Duration) {
        self.value(
            key,
            &value,
            text: { Self.quoted(DurationText.format($0)) },
            read: { $0.duration(key, in: least...Self.longest) }
        )
    }

    /// A span up to a year, or false for nil.
    mutating func durationOrFalse(_ key: String, _ value: inout Duration?, from least: Duration) {
        self.value(
            key,
            &value,
            text: { $0.map { Self.quoted(DurationText.format($0)) } ?? "false" },
            read: { $0.durationOrFalse(key, in: least...Self.longest).map(\.value) }
        )
    }

    /// A number of bytes up to a pebibyte, or false for nil.
    mutating func bytesOrFalse(_ key: String, _ value: inout UInt64?, from least: UInt64) {
        self.value(
            key,
            &value,
            text: { $0.map { Self.quoted(ByteCountText.format($0)) } ?? "false" },
            read: { reader in
                guard let node = reader.node(key) else { return nil }
                if case .boolean(false) = node.value { return .some(nil) }
                if case .string(let text) = node.value, let count = ByteCountText.parse(text),
                    (least...Self.mostBytes).contains(count)
                {
                    return count
                }
                reader.error(
                    at: node.span,
                    "`\(key)` wants a size such as \"512MiB\" or \"8GiB\", from "
                        + "\(ByteCountText.format(least)) to "
                        + "\(ByteCountText.format(Self.mostBytes)), or false"
                )
                return nil
            }
        )
    }

    /// - Returns: whether it was set here.
    @discardableResult
    mutating func word<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        _ value: inout Choice
    ) -> Bool {
        self.value(
            key,
            &value,
            text: { Self.quoted($0.rawValue) },
            read: { $0.enumeration(key) }
        )
    }

    mutating func word(_ key: String, _ value: inout String, among words: [String]) {
        self.value(
            key,
            &value,
            text: Self.quoted,
            read: { $0.enumeration(key, among: words) }
        )
    }

    /// Words whose order counts.
    mutating func words<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        _ value: inout [Choice]
    ) {
        self.value(
            key,
            &value,
            text: { Self.list($0.map { Self.quoted($0.rawValue) }) },
            read: { $0.enumerations(key) }
        )
    }

    /// Words whose order doesn't count; shown in that of their declaration.
    mutating func words<Choice: CaseIterable & RawRepresentable<String> & Hashable>(
        _ key: String,
        _ value: inout Set<Choice>
    ) {
        self.value(
            key,
            &value,
            text: { set in
                Self.list(Choice.allCases.filter(set.contains).map { Self.quoted($0.rawValue) })
            },
            read: { $0.enumerations(key).map { Set($0) } }
        )
    }

    mutating func integers(_ key: String, _ value: inout Set<Int32>, in range: ClosedRange<Int32>) {
        self.value(
            key,
            &value,
            text: { Self.list($0.sorted().map { "\($0)" }) },
            read: { reader in
                reader.integers(key, in: Int(range.lowerBound)...Int(range.upperBound))
                    .map { Set($0.map { Int32($0) }) }
            }
        )
    }

    /// - Returns: whether it was set here.
    @discardableResult
    mutating func string(
        _ key: String,
        _ value: inout String,
        atMost limit: Int = 4096
    ) -> Bool {
        self.value(key, &value, text: Self.quoted, read: { $0.string(key, atMost: limit) })
    }

    /// A path; a relative one starts at the directory of the file that it stands in.
    mutating func path(_ key: String, _ value: inout String) {
        self.value(
            key,
            &value,
            text: Self.quoted,
            read: { reader in
                reader.string(key).map {
                    FileReading.resolve($0, in: FileReading.directory(of: reader.file.path))
                }
            }
        )
    }

    /// A program by its absolute path and its arguments, which are taken as they stand; none when
    /// empty.
    mutating func command(_ key: String, _ value: inout [String]) {
        self.value(
            key,
            &value,
            text: { Self.list($0.map(Self.quoted)) },
            read: { reader in
                guard let words = reader.strings(key) else { return nil }
                guard let problem = FileReading.problem(ofCommand: words) else { return words }
                reader.error(at: reader.span(of: key), "`\(key)` \(problem)")
                return nil
            }
        )
    }

    /// Rights of a file, octal: "0660".
    mutating func mode(_ key: String, _ value: inout UInt32) {
        self.value(
            key,
            &value,
            text: { mode in
                let digits = String(mode, radix: 8)
                return Self.quoted(String(repeating: "0", count: max(1, 4 - digits.count)) + digits)
            },
            read: { reader in
                guard let text = reader.string(key) else { return nil }
                guard let mode = UInt32(text, radix: 8), mode <= 0o777 else {
                    reader.error(
                        at: reader.span(of: key),
                        "`\(key)` wants an octal mode such as \"0660\""
                    )
                    return nil
                }
                return mode
            }
        )
    }

    // MARK: - Text

    /// A key of TOML, in quotes where it needs them.
    static func name(of key: String) -> String {
        let isBare = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isBare && !key.isEmpty ? key : quoted(key)
    }

    /// A basic string of TOML.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result.unicodeScalars.append("\\")
                result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func list(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ", ") + "]"
    }
}
