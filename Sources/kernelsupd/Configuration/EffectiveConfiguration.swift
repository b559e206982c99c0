internal import KernelManifest

/// Every value in force and where it comes from, for a person.
///
/// The text is a right TOML file: a comment behind each value names its origin.
struct EffectiveConfiguration: CustomStringConvertible {
    struct Section: Hashable {
        /// Keys of the header: `groups`, `core`.
        var path: [String]
        var settings: [Setting]
    }

    var sections: [Section] = []

    /// Where the comments stand unless a line is longer.
    private static let commentColumn = 48

    var description: String {
        sections.map(text).joined(separator: "\n")
    }

    private func text(of section: Section) -> String {
        let header = section.path.map(KeyReader.name).joined(separator: ".")
        return section.settings.reduce(into: "[\(header)]\n") { text, setting in
            let line = "\(setting.key) = \(setting.value)"
            let padding = max(1, Self.commentColumn - line.count)
            let origin = setting.origin.description.printable
            text += line + String(repeating: " ", count: padding) + "# \(origin)\n"
        }
    }
}

extension ConfigurationReader {
    /// What is in force, after a `read` that found nothing wrong: the daemon, then groups and
    /// kernels by name.
    func effective() -> EffectiveConfiguration {
        var result = EffectiveConfiguration()
        var keys = KeyReader(listing: settingOrigins)
        var daemon = settings
        daemon.read(&keys)
        result.sections.append(.init(path: ["daemon"], settings: keys.settings))
        let used = Set(kernels.map(\.group))
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) where used.contains(name) {
            let settings = group.policies.settings(of: [.group])
            result.sections.append(.init(path: ["groups", name], settings: settings))
        }
        for kernel in kernels.sorted(by: { $0.manifest.name < $1.manifest.name }) {
            let group = Setting(
                key: "group",
                value: KeyReader.quoted(kernel.group),
                origin: kernel.groupOrigin
            )
            result.sections.append(
                .init(
                    path: ["kernels", kernel.manifest.name],
                    settings: [group] + kernel.policies.settings(of: [.kernel])
                )
            )
        }
        return result
    }
}
