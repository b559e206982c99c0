import ControlProtocol
import Glibc
import KernelClient
import LinuxSystem
import SupervisionKit
import Testing

/// Programs that do not compile, devices that are not there, and what is kept of a build.
@Suite(.serialized, .showsDaemonLog)
struct ProgramTests {
    private static let good = """
        __kernel void copy(__global const float *x, __global float *y, const uint n)
        { size_t i = get_global_id(0); if (i < n) y[i] = x[i]; }
        """
    private static let bad = good.replacing("y[i] = x[i]", with: "y[i] = undeclared_name[i]")

    @Test func `a program that does not compile is shown to all, and others go on`() throws {
        let configuration = DaemonConfiguration.openCL(
            .source("test/bad", Self.bad, group: "both"),
            .source("test/good", Self.good, group: "both"),
            groups: ["both"]
        )
        try withDaemon(configuration) { daemon in
            let x = Tensor("x", [1, 2, 3] as [Float])
            #expect(try daemon.call("test/good", [x])["y"]?.f32 == [1, 2, 3])

            // The caller.
            let error = try #require(daemon.failure("test/bad", [x]))
            #expect(error.code == .buildFailed && error.execution == .notRun)
            #expect(error.message.contains("undeclared_name"))
            // The operator.
            let status = try daemon.kernel("test/bad")
            #expect(status.state == .down)
            #expect(status.reasonID == "KSUP-R04")
            let health = try daemon.control("health")
            #expect(health.status == 2)
            #expect(health.output.contains("test/bad") && health.output.contains("KSUP-R04"))
            #expect(try daemon.control("kernels", "test/bad").output.contains("undeclared_name"))
            #expect(daemon.log.contains("undeclared_name"))
            #expect(try daemon.kernel("test/good").state == .healthy)
        }
    }

    @Test func `a kernel that fails its check at the start is shown with what it computed`() throws
    {
        var kernel = KernelFile.source("test/copy", Self.good, group: "both")
        kernel.writtenText? += """

            [check]
            inputs = { x = [1, 2, 3] }
            outputs = { y = [1, 2, 4] }
            """
        let configuration = DaemonConfiguration.openCL(
            kernel,
            .source("test/other", Self.good, group: "both"),
            groups: ["both"]
        )
        try withDaemon(configuration) { daemon in
            let x = Tensor("x", [1, 2, 3] as [Float])
            #expect(try daemon.call("test/other", [x])["y"]?.f32 == [1, 2, 3])
            let error = try #require(daemon.failure("test/copy", [x]))
            #expect(error.execution == .notRun)
            let mistake = "wrong answer to a known call: element 2 of 'y' is 3.0, expected 4.0"
            #expect(error.message.contains(mistake))
            #expect(try daemon.control("kernels", "test/copy").output.contains(mistake))
        }
    }

    @Test func `a program that is mended serves after a reload`() throws {
        var kernel = KernelFile.source("test/copy", Self.bad, group: "one")
        let configuration = DaemonConfiguration.openCL(kernel, groups: ["one"])
        try withDaemon(configuration) { daemon in
            #expect(try daemon.kernel("test/copy").reason == "build_failed")
            let (file, _) = try #require(kernel.companions.first)
            kernel.companions[file] = Self.good
            try daemon.directory.write("kernels.d/\(file)", Self.good)
            try daemon.process.signal(SIGHUP)
            try daemon.waitUntil("the mended kernel") { $0.state(of: "test/copy") == .healthy }
            let result = try daemon.call("test/copy", [Tensor("x", [5] as [Float])])
            #expect(result["y"]?.f32 == [5])
        }
    }

    @Test func `without an OpenCL device a kernel is down and says so`() throws {
        var configuration = DaemonConfiguration.openCL(.builtin("core/vector-add"))
        configuration["defaults.environment", "OCL_ICD_VENDORS"] = #""/nonexistent""#
        configuration["defaults.recovery", "max_restarts"] = "0"
        try withDaemon(configuration) { daemon in
            let kernel = try daemon.kernel("core/vector-add")
            #expect(kernel.state == .down)
            #expect(kernel.slots.first?.lastExit == "exited with status 69")
            #expect(kernel.why?.contains("exited with status 69") == true)
            #expect(daemon.log.contains("no OpenCL device"))
            let error = try #require(daemon.failure("core/vector-add", []))
            #expect(error.code == .unavailable && error.execution == .notRun)
        }
    }

    @Test func `a device that is not there is refused with the list of those that are`() throws {
        var configuration = DaemonConfiguration.openCL(.builtin("core/vector-add"))
        configuration["defaults.device", "name"] = #""no device has such a name""#
        configuration["defaults.device", "type"] = #""accelerator""#
        configuration["defaults.recovery", "max_restarts"] = "0"
        try withDaemon(configuration) { daemon in
            let kernel = try daemon.kernel("core/vector-add")
            #expect(kernel.state == .down)
            #expect(daemon.log.contains("name 'no device has such a name', type accelerator"))
            #expect(daemon.log.contains("there is: "))
        }
    }

    /// Inode and time of each built program: a file that is written anew has another inode.
    private func cache(_ directory: String) throws -> [String: [Int]] {
        var files: [String: [Int]] = [:]
        for name in try names(in: directory) where name.hasSuffix(".clbin") {
            var status = stat()
            try #require(stat("\(directory)/\(name)", &status) == 0)
            files[name] = [Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        }
        return files
    }

    @Test func `a second start takes the built program, and a damaged one is built again`() throws {
        let store = try TestDirectory()
        defer { store.remove() }
        func start() throws -> [Float]? {
            var configuration = DaemonConfiguration.openCL(.builtin("core/vector-add"))
            configuration["daemon", "cache_directory"] = "\"\(store.path)\""
            return try withDaemon(configuration) { daemon in
                let one = [1, 2] as [Float]
                return try daemon.call("core/vector-add", [Tensor("a", one), Tensor("b", one)])[
                    "sum"
                ]?.f32
            }
        }
        #expect(try start() == [2, 4])
        let first = try cache(store.path)
        #expect(first.count == 1)
        #expect(try start() == [2, 4])
        #expect(try cache(store.path) == first)

        let (name, _) = try #require(first.first)
        try #require(truncate("\(store.path)/\(name)", 100) == 0)
        #expect(try start() == [2, 4])
        let third = try cache(store.path)
        #expect(third.keys == first.keys && third != first)
    }
}
