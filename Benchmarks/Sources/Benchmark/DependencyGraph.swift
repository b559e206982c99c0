/// The dependencies of a Debian package database as a directed graph in compressed sparse rows.
///
/// A node is a package name, in order of first appearance. An edge goes from a package to each
/// package that it needs by Pre-Depends or Depends; of alternatives (`a | b`) the first that is
/// known counts, because that is what apt takes. Names that no package has, virtual ones among
/// them, make no edge.
struct DependencyGraph {
    private(set) var names: [String] = []
    /// Row starts, one more than there are nodes.
    private(set) var offsets: [UInt32] = [0]
    private(set) var targets: [UInt32] = []

    /// Reads records in the format of deb822(5), as `apt-cache dumpavail` and dpkg's status file
    /// have them.
    init(controlFile bytes: [UInt8]) {
        var parser = ControlParser()
        parser.parse(bytes)
        names = parser.names
        let ids = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt32($0)) })
        for dependencies in parser.dependencies {
            var row: Set<UInt32> = []
            for alternatives in dependencies {
                if let known = alternatives.lazy.compactMap({ ids[$0] }).first { row.insert(known) }
            }
            targets += row.sorted()
            offsets.append(UInt32(targets.count))
        }
    }
}

/// Takes the three fields that matter out of a control file.
private struct ControlParser {
    var names: [String] = []
    /// For each package, its dependencies; for each of them, its alternatives.
    var dependencies: [[[String]]] = []
    private var seen: Set<String> = []
    private var name = ""
    private var current: [[String]] = []

    mutating func parse(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            take(bytes[start..<end])
            start = end + 1
        }
        endRecord()
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        guard let first = line.first else { return endRecord() }
        // Only these begin a field that is of use; the bulk of the file is skipped unread.
        guard first == UInt8(ascii: "P") || first == UInt8(ascii: "D") else { return }
        if let value = value(of: "Package", in: line) {
            name = String(value)
        } else if let value = value(of: "Depends", in: line)
            ?? value(of: "Pre-Depends", in: line)
        {
            current += value.split(separator: ",").map { relation in
                relation.split(separator: "|").map(packageName)
            }
        }
    }

    private func value(of field: String, in line: ArraySlice<UInt8>) -> Substring? {
        let prefix = field.utf8
        guard line.starts(with: prefix), line.dropFirst(prefix.count).first == UInt8(ascii: ":")
        else { return nil }
        return String(decoding: line.dropFirst(prefix.count + 1), as: UTF8.self)[...]
            .drop { $0 == " " }
    }

    /// `libc6:any (>= 2.14) [amd64]` names libc6.
    private func packageName(_ relation: Substring) -> String {
        String(relation.drop { $0 == " " }.prefix { $0 != " " && $0 != ":" && $0 != "(" })
    }

    private mutating func endRecord() {
        defer {
            name = ""
            current = []
        }
        guard !name.isEmpty, seen.insert(name).inserted else { return }
        names.append(name)
        dependencies.append(current)
    }
}
