import Glibc
import SupervisionKit
import Testing

@testable import kernelsupd

/// Who can't stand in for whom, and where the error stands.
struct StandInErrorTests {
    @Test func `a kernel that is not there is told once, where it is named`() throws {
        let main = "[defaults]\ndegraded_kernel = \"o/nope\"\n[groups.g]\n"
        let files = try PolicyFiles(
            main,
            manifests: [
                "a/k": "", "a/l": "group = \"g\"", "a/m": "degraded_kernel = \"o/other\"",
                "a/n": "preset = \"production\"",
            ]
        )
        #expect(
            files.errors() == [
                "kernels.d/a-m.toml:1:1: error: `degraded_kernel`: there is no kernel 'o/other'",
                "kernelsupd.toml:2:1: error: `degraded_kernel`: there is no kernel 'o/nope'",
            ]
        )
    }

    @Test func `a kernel that would stand in for itself is told at the key that says so`() throws {
        let files = try PolicyFiles(
            "[defaults]\ndegraded_kernel = \"a/k\"\n",
            manifests: ["a/k": "", "a/l": ""]
        )
        #expect(
            files.errors() == [
                "kernelsupd.toml:2:1: error: `degraded_kernel` of 'a/k' is the kernel itself"
            ]
        )
    }

    @Test func `a relative socket is an error where it stands, also where no kernel has it`() throws
    {
        let main = "[groups.empty.backup]\nsocket = \"run/calls.sock\"\n"
        let error = "kernelsupd.toml:2:10: error: `socket` is no absolute path: run/calls.sock"
        #expect(try PolicyFiles(main, manifests: [:]).errors() == [error])
        let shared = try PolicyFiles(
            main.replacing("groups.empty", with: "defaults"),
            manifests: ["a/k": "", "a/l": ""]
        )
        #expect(shared.errors() == [error])
    }

    @Test(
        arguments: [
            ("/nowhere/run", "/nowhere/run/calls.sock"),
            ("/nowhere/run", "/nowhere/run//calls.sock"),
            ("/tmp/../tmp", "/tmp/calls.sock"),
            ("/tmp", "/etc/../tmp/calls.sock"),
            // A symbolic link.
            ("/tmp", "/proc/self/root/tmp/calls.sock"),
            ("/tmp/../nowhere/run", "/nowhere/run/calls.sock"),
        ]
    )
    func `the daemon's own socket is no backup, by whatever name`(
        directory: String,
        socket: String
    ) throws {
        let main = """
            [daemon]
            runtime_directory = "\(directory)"
            [defaults.backup]
            socket = "\(socket)"
            """
        let files = try PolicyFiles(main, manifests: ["a/k": "", "a/l": ""])
        let message = "`backup.socket` is this daemon's own: \(socket)"
        #expect(files.errors() == ["kernelsupd.toml:4:1: error: \(message)"])
    }

    @Test func `the daemon's own socket is known when the file has a relative name`() throws {
        let files = try PolicyFiles("", manifests: ["a/k": ""])
        let main = """
            [daemon]
            runtime_directory = "run"
            [defaults.backup]
            socket = "\(files.path)/run/calls.sock"
            """
        files.write(main, to: "kernelsupd.toml")
        let here = FileReading.realPath(".") ?? "/"
        let root = here.split(separator: "/").map { _ in "../" }.joined()
        let path = "\(root)\(files.path.dropFirst())/kernelsupd.toml"
        #expect(files.errors(readAs: path).contains { $0.contains("is this daemon's own") })
    }

    @Test func `nothing has the name of a slot`() throws {
        let main = "[groups.a]\n[groups.b]\n[groups.\"b/1\"]\n[groups.c]\n"
        let files = try PolicyFiles(
            main,
            manifests: [
                "a/0": "group = \"c\"", "a/00": "group = \"a\"", "b/0x": "group = \"b\"",
                "c/k": "group = \"b/1\"", "d/0": "",
            ]
        )
        #expect(
            files.errors() == [
                "kernels.d/a-0.toml:1:1: error: kernel 'a/0' has the name of a slot of group 'a'",
                "kernels.d/c-k.toml:1:1: error: group 'b/1' has the name of a slot of group 'b'",
            ]
        )
    }

    @Test func `another daemon's socket is right`() throws {
        let main = "[daemon]\nruntime_directory = \"/tmp/a\"\n[defaults.backup]\nsocket = "
        for socket in ["/tmp/b/calls.sock", "/tmp/a/other.sock"] {
            #expect(try PolicyFiles(main + "\"\(socket)\"").errors() == [])
        }
    }

    @Test(
        arguments: [
            ("/nowhere", "names a program that can't be found: /nowhere: "),
            ("/etc/passwd", "names a file that may not be executed: /etc/passwd"),
            ("/etc", "names no file: /etc"),
        ]
    )
    func `a program that can't be started is a warning, and keeps nothing else from service`(
        program: String,
        problem: String
    ) throws {
        let files = try PolicyFiles("", manifests: ["a/k": ""])
        files.write(
            "[kernel]\nname = \"b/k\"\ncommand = [\"\(program)\", \"x\"]\n",
            to: "kernels.d/b.toml"
        )
        let warnings = try files.warnings()
        #expect(warnings.count == 2)
        let start = "kernels.d/b.toml:3:11: warning: `command` \(problem)"
        #expect(warnings.first?.hasPrefix(start) == true, "\(warnings)")
        #expect(warnings.last?.contains("calls of 'b/k' are refused (KSUP-R05 ") == true)
        #expect(try files.load().core.kernels.map(\.name) == ["a/k", "b/k"])
    }
}
