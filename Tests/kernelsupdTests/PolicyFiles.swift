import Glibc
import LinuxSystem

@testable import kernelsupd

/// A directory with a configuration, read by the daemon's own reader; it goes with the value.
final class PolicyFiles {
    let path: String
    /// The most open files that a daemon with this configuration could have.
    var openFiles: UInt64 = 1 << 19
    /// The most processes that its user may have.
    var processes = ResourceLimit.unlimited

    /// Manifests go by the name of their kernel; `[kernel]` is put behind the text.
    init(_ main: String, manifests: [String: String] = ["a/k": ""]) throws {
        var template = Array("/tmp/kernelsupd-policy-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
        mkdir(path + "/kernels.d", 0o755)
        write(main, to: "kernelsupd.toml")
        for (name, text) in manifests {
            let file = name.split(separator: "/").joined(separator: "-")
            let kernel = "[kernel]\nname = \"\(name)\"\ncommand = [\"/bin/true\"]\n"
            write(text + "\n" + kernel, to: "kernels.d/\(file).toml")
        }
    }

    deinit {
        for name in (try? FileReading.manifests(in: path + "/kernels.d")) ?? [] {
            unlink(path + "/kernels.d/" + name)
        }
        for name in ["kernels.d", "kernelsupd.toml", ""] { remove(path + "/" + name) }
    }

    func write(_ text: String, to name: String) {
        guard let file = fopen(path + "/" + name, "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    func makeReader(
        path: String? = nil,
        runtimeDirectory: String? = nil
    ) -> ConfigurationReader {
        ConfigurationReader(
            path: path ?? self.path + "/kernelsupd.toml",
            runtimeDirectory: runtimeDirectory,
            openFiles: ResourceLimit(.openFiles, soft: 1024, hard: openFiles),
            processes: processes
        )
    }

    func load() throws -> LoadedConfiguration {
        var reader = makeReader()
        return try reader.read()
    }

    /// What is shown, places relative to the directory, as `section key = value # origin`.
    func shown(runtimeDirectory: String? = nil) throws -> [String] {
        var reader = makeReader(runtimeDirectory: runtimeDirectory)
        _ = try reader.read()
        var lines: [String] = []
        for section in reader.effective().sections {
            for setting in section.settings {
                let origin = setting.origin.description.replacing(path + "/", with: "")
                let name = section.path.joined(separator: ":")
                lines.append("\(name) \(setting.key) = \(setting.value) # \(origin)")
            }
        }
        return lines
    }

    /// First lines and notes of all errors, places relative to the directory; empty for none.
    ///
    /// `path` is another name of the main file.
    func errors(readAs path: String? = nil) -> [String] {
        do {
            var reader = makeReader(path: path)
            _ = try reader.read()
            return []
        } catch {
            return firstLinesAndNotes("\(error)")
        }
    }

    /// As `errors`, of what is no error.
    func warnings() throws -> [String] {
        var reader = makeReader()
        _ = try reader.read()
        return reader.warningTexts.flatMap(firstLinesAndNotes)
    }

    private func firstLinesAndNotes(_ text: String) -> [String] {
        text.replacing(path + "/", with: "").split(separator: "\n").map(String.init)
            .filter { !$0.contains(" | ") }
    }
}
