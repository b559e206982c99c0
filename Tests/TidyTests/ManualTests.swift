import Foundation
import SupervisionKit
import Testing

/// The manual: there is a page for everything, and nothing of what it must name is missing.
struct ManualTests {
    private static let pages = SourceTree.files(
        below: "man",
        endings: (1...8).map { ".\($0)" }
    )

    /// A page as a reader sees it, without the marks of roff.
    private func words(of path: String) throws -> String {
        try #require(SourceTree.file(path)).text
            .replacing("\\-", with: "-").replacing("\\(dq", with: "\"")
    }

    @Test func `every program has a page`() throws {
        let manifest = try #require(SourceTree.file("Package.swift")).text
        let programs = manifest.matches(of: /\.executable\(name: "([\w-]+)"/).map { String($0.1) }
        #expect(programs.contains("kernelsupd"))
        let names = Self.pages.map { $0.path.dropFirst("man/".count) }
        let missing = programs.filter { !names.contains("\($0).1") && !names.contains("\($0).8") }
        #expect(missing == [])
    }

    @Test func `every page that a page or the unit refers to exists`() throws {
        let unit = try #require(SourceTree.file("systemd/kernelsupd.service")).text
        var named = Set(
            unit.matches(of: /man:([\w.-]+)\(([1-8])\)/).map { "\($0.1).\($0.2)" }
        )
        for page in Self.pages {
            let text = try words(of: page.path)
            for match in text.matches(of: /\.BR (kernelsup[\w.-]*) \(([1-8])\)/) {
                named.insert("\(match.1).\(match.2)")
            }
        }
        #expect(named.count >= 5)
        #expect(named.filter { !SourceTree.exists("man/\($0)") } == [])
    }

    @Test(
        arguments: [
            ("kernelsupd", "man/kernelsupd.8"), ("kernelsup-worker", "man/kernelsup-worker.1"),
        ]
    )
    func `a program's page has every option that the program has`(
        program: String,
        page: String
    ) throws {
        let help = try run(builtProgram(program), ["--help"])
        #expect(help.status == 0)
        let options = Set(help.text.matches(of: /--[a-z][a-z-]+/).map { String($0.0) })
        #expect(options.count > 3)
        let text = try words(of: page)
        #expect(options.filter { !text.contains(".B \($0)") && !text.contains(".BI \($0)") } == [])
    }

    @Test func `every reason of the closed table is explained, and no other`() throws {
        let text = try words(of: "man/kernelsupd.reasons.7")
        let entries = text.split(separator: "\n.SS ").dropFirst()
        let titles = entries.map { String($0.prefix { $0 != "\n" }) }
        #expect(titles == HealthReason.allCases.map { "\"\($0.id) \($0.rawValue)\"" })
        for entry in entries {
            for part in ["Meaning", "Consequence", "What to do"] {
                #expect(entry.contains(".I \(part)"), "\(entry.prefix(30)) has no '\(part)'")
            }
        }
    }

    @Test func `pages are right roff`() throws {
        guard let man = ["/usr/bin/man"].first(where: FileManager.default.isExecutableFile) else {
            return
        }
        #expect(!Self.pages.isEmpty)
        for page in Self.pages {
            let path = SourceTree.path(of: page.path)
            let line = "LC_ALL=C.UTF-8 MANWIDTH=100 \(man) --warnings -l '\(path)' 2>&1 >/dev/null"
            let output = try run("/bin/sh", ["-c", line])
            #expect(output == ProgramOutput(status: 0, text: ""), "\(page.path)")
        }
    }
}
