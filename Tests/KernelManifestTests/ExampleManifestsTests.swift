import Glibc
import KernelManifest
import SupervisionWire
import Testing

/// The files under examples/kernels, as a user copies them into kernels.d.
@Suite struct ExampleManifestsTests {
    static let directory: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/examples/kernels"
    }()

    static let names = ["components", "convolve2d", "heat", "reduce", "saxpy"]

    static func text(_ file: String) throws -> String {
        let path = "\(directory)/\(file)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0, "can't open \(path)")
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        try #require((1..<bytes.count).contains(count), "can't read \(path)")
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test(arguments: names)
    func `every example loads without an error`(name: String) throws {
        let diagnostics = Diagnostics()
        let document = try TOMLDocument(parsing: Self.text("\(name).toml"), path: "\(name).toml")
        let reader = document.reader(collecting: diagnostics)
        let manifest = ManifestReader.read(reader, directory: Self.directory)
        reader.finish()
        #expect(diagnostics.inOrder.map(\.description) == [])
        let kind = try #require(manifest?.kind)
        guard case .source(let program) = kind else {
            Issue.record("\(name) has no source")
            return
        }
        // The functions that are launched are in the source.
        let source = try Self.text("\(name).cl")
        for launch in program.launches {
            #expect(source.contains("__kernel void \(launch.function)("))
        }
    }

    @Test func `the signature of saxpy is what its manifest says`() throws {
        let document = try TOMLDocument(parsing: Self.text("saxpy.toml"), path: "saxpy.toml")
        let manifest = ManifestReader.read(
            document.reader(collecting: Diagnostics()),
            directory: Self.directory
        )
        #expect(
            manifest?.signature
                == KernelSignature(
                    name: "linear/saxpy",
                    summary: "Adds a scaled vector to another one: result = a * x + y.",
                    isIdempotent: true,
                    arguments: [
                        .init(
                            name: "a",
                            direction: .input,
                            type: .f32,
                            shape: [],
                            defaultValue: "1.0",
                            documentation: "The factor of x."
                        ),
                        .init(name: "x", direction: .input, type: .f32, shape: ["n"]),
                        .init(name: "y", direction: .input, type: .f32, shape: ["n"]),
                        .init(name: "result", direction: .output, type: .f32, shape: ["n"]),
                    ]
                )
        )
    }
}
