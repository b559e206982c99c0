import Foundation
import KernelClient
import SupervisionKit
import Testing

/// Kernels of the stock worker on the OpenCL device that there is, most often PoCL on the CPU.
extension KernelFile {
    /// A kernel that is compiled into the worker.
    static func builtin(_ name: String, group: String? = nil) -> KernelFile {
        written(
            name,
            text: (group.map { "group = \"\($0)\"\n" } ?? "")
                + "[kernel]\nname = \"\(name)\"\nbuiltin = \"\(name)\"\n"
        )
    }

    /// One of `examples/kernels`, copied as a user copies it.
    static func example(_ file: String, named name: String) throws -> KernelFile {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../examples/kernels").standardized.path
        func text(_ ending: String) throws -> String {
            String(decoding: try contents(of: "\(directory)/\(file).\(ending)"), as: UTF8.self)
        }
        var kernel = written(name, text: try text("toml"))
        kernel.companions["\(file).cl"] = try text("cl")
        return kernel
    }

    /// A kernel that gives `x` back through a program of the test's own.
    static func source(_ name: String, _ program: String, group: String) -> KernelFile {
        let file = name.split(separator: "/").joined(separator: "-") + ".cl"
        var kernel = written(
            name,
            text: """
                group = "\(group)"
                [kernel]
                name = "\(name)"
                source = "\(file)"
                [[input]]
                name = "x"
                type = "f32"
                shape = ["n"]
                [[output]]
                name = "y"
                type = "f32"
                shape = ["n"]
                [[launch]]
                function = "copy"
                arguments = ["x", "y", "n"]
                global = ["n"]
                """
        )
        kernel.companions[file] = program
        return kernel
    }

    private static func written(_ name: String, text: String) -> KernelFile {
        var kernel = KernelFile(name: name, command: [], isIdempotent: true)
        kernel.writtenText = text
        return kernel
    }
}

extension DaemonConfiguration {
    /// For the stock worker, with the programs that earlier runs of the tests have built.
    static func openCL(_ kernels: KernelFile..., groups: [String] = []) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(kernels)
        let cache = BuildProducts.directory + "/end-to-end-cache"
        configuration["daemon", "cache_directory"] = "\"\(cache)\""
        configuration["defaults.lifecycle", "start_timeout"] = #""60s""#
        configuration["defaults.timeout", "cancel_timeout"] = #""10s""#
        for group in groups { configuration["groups.\(group)", "replicas"] = "1" }
        return configuration
    }
}

extension DaemonUnderTest {
    /// Calls a kernel over a connection of its own.
    func call(_ kernel: String, _ arguments: [Tensor]) throws(KernelCallError) -> CallResult {
        var client = BlockingKernelClient(path: callsPath)
        let options = CallOptions(timeout: .seconds(60))
        return try client.call(kernel, arguments, options: options)
    }

    /// As above, for a call that must fail; nil when it does not.
    func failure(_ kernel: String, _ arguments: [Tensor]) -> KernelCallError? {
        do throws(KernelCallError) {
            _ = try call(kernel, arguments)
            return nil
        } catch {
            return error
        }
    }

    /// kernelsupctl against this daemon.
    func control(_ words: String...) throws -> Finished {
        try Finished.run(
            BuildProducts.control,
            words + ["--socket-directory", "\(directory.path)/run"]
        )
    }
}

/// The largest distance between two lists of the same length; infinite for other lists.
func distance(_ left: [some BinaryFloatingPoint], _ right: [Double]) -> Double {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}

/// Numbers in -1..<1, the same in each run.
func numbers(_ count: Int, seed: UInt32) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
        // Numerical Recipes, section 7.1: the quick and dirty generator.
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(state >> 8) / 0x1p23 - 1
    }
}
