import Testing

/// Rules that a compiler doesn't know, held by reading the source.
///
/// Each test gives all places at once, as `path:line: text`.
struct SourceTests {
    /// Places in the code of some files where a pattern stands.
    private func places(
        of pattern: some RegexComponent,
        in files: [SourceTree.File]
    ) -> [String] {
        files.flatMap { file in
            file.code.enumerated().compactMap { index, line in
                line.firstMatch(of: pattern) == nil
                    ? nil
                    : "\(file.path):\(index + 1): \(line.drop { $0 == " " })"
            }
        }
    }

    private func swift(_ directory: String) -> [SourceTree.File] {
        SourceTree.files(below: directory, endings: [".swift"])
    }

    private func imports(of directory: String) -> Set<String> {
        let pattern = /^(?:@testable )?(?:public |package |internal )?import (\w+)/
        return Set(
            swift(directory).flatMap { file in
                file.code.compactMap { $0.firstMatch(of: pattern).map { String($0.1) } }
            }
        )
    }

    @Test func `what is looked for is found in code and not in comments and strings`() {
        let text = """
            let a = "try! \\" print(" // try!
            /* try! /* */ */ print(a)
            """
        #expect(CodeText.code(of: text) == ["let a =  ", " print(a)"])
        #expect(!swift("Sources/SupervisionKit").isEmpty)
        let file = SourceTree.File(path: "a.swift", text: "let b = Task.sleep")
        let task = /\bTask\b/.wordBoundaryKind(.simple)
        #expect(places(of: task, in: [file]) == ["a.swift:1: let b = Task.sleep"])
    }

    @Test func `the core imports nothing but its collections`() {
        #expect(imports(of: "Sources/SupervisionKit").isSubset(of: ["DequeModule"]))
        #expect(imports(of: "Sources/SupervisionWire").isSubset(of: ["SupervisionKit"]))
    }

    @Test(
        arguments: [
            "SupervisionKit", "SupervisionRecording", "SupervisionSimulator", "Resilience",
            "SupervisionWire", "LinuxSystem", "KernelManifest", "KernelClient",
            "WorkerKit", "WorkerProcess", "kernelsupd",
        ]
    )
    func `Foundation stays out of what must start fast and stay small`(target: String) {
        let barred: Set = ["Foundation", "FoundationEssentials", "Dispatch"]
        #expect(imports(of: "Sources/\(target)").isDisjoint(with: barred))
    }

    @Test func `only the worker knows OpenCL, and only the daemon knows systemd`() {
        let targets = [
            "ControlProtocol", "KernelClient", "KernelManifest", "LinuxSystem", "SupervisionKit",
            "SupervisionWire", "WorkerKit", "WorkerProcess", "kernelsupctl", "kernelsupd",
        ]
        let openCL = targets.filter { imports(of: "Sources/\($0)").contains("COpenCL") }
        let systemd = targets.filter { imports(of: "Sources/\($0)").contains("CSystemd") }
        #expect(openCL == ["WorkerProcess"])
        #expect(systemd == ["kernelsupd"])
    }

    @Test func `nothing in the daemon suspends or starts a task`() {
        let words =
            /\b(?:await|async|Task|MainActor|DispatchQueue|DispatchSource)\b/
            .wordBoundaryKind(.simple)
        #expect(places(of: words, in: swift("Sources/kernelsupd")) == [])
    }

    @Test func `no source traps on what it was given, or prints past its output`() {
        let words = /\btry!|\bprint\(|\bfatalError\(|\bas! |\bdebugPrint\(|\bdump\(/
            .wordBoundaryKind(.simple)
        #expect(places(of: words, in: swift("Sources")) == [])
    }

    @Test func `nothing is left to be done later`() {
        let marks = /\b(?:TODO|FIXME|XXX|HACK)\b/.wordBoundaryKind(.simple)
        let endings = [".swift", ".c", ".h", ".py", ".md", ".toml", ".cl", ".service"]
        let found = SourceTree.files(below: "", endings: endings)
            .filter { !$0.path.hasPrefix("Tests/TidyTests/") }
            .flatMap { file in
                file.lines.enumerated().compactMap { index, line in
                    line.contains(marks) ? "\(file.path):\(index + 1)" : nil
                }
            }
        #expect(found == [])
    }

    @Test func `lines and files have a length that can be read`() {
        let endings = [".swift", ".c", ".h", ".cl"]
        let files =
            SourceTree.files(below: "Sources", endings: endings)
            + SourceTree.files(below: "Tests", endings: endings)
            + SourceTree.files(below: "examples", endings: endings)
        let longLines = files.flatMap { file in
            file.lines.enumerated().compactMap { index, line in
                line.utf8.count > 100 && line.count > 100
                    ? "\(file.path):\(index + 1): \(line.count)" : nil
            }
        }
        #expect(longLines == [])
        let longFiles = files.filter { $0.lines.count > 501 }
        #expect(longFiles.map { "\($0.path): \($0.lines.count)" } == [])
    }

    @Test func `links in pages lead to files that exist`() {
        let link = /\]\(([^)#\s]+)(?:#[^)]*)?\)/
        let dead = SourceTree.files(below: "", endings: [".md"]).flatMap { page in
            page.text.matches(of: link).compactMap { match -> String? in
                let target = String(match.1)
                guard !target.contains(":") else { return nil }
                let directory = page.path.split(separator: "/").dropLast().joined(separator: "/")
                let path = target.hasPrefix("/") ? target : directory + "/" + target
                return SourceTree.exists(path) ? nil : "\(page.path): \(target)"
            }
        }
        #expect(dead == [])
    }
}
