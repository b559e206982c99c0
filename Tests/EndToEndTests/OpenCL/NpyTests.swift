import Foundation
import LinuxSystem
import Testing

/// `kernelsupctl call` with files of NumPy, read and written by this test's own few lines.
@Suite(.serialized, .showsDaemonLog)
struct NpyTests {
    /// A file of version 1.0 in C order.
    private func npy(_ elements: [Float], shape: [Int]) -> Data {
        let sizes = shape.map { "\($0)," }.joined()
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = header.utf8.count
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
        data += [UInt8(length & 0xFF), UInt8(length >> 8)] + Array(header.utf8)
        elements.withUnsafeBytes { data.append(contentsOf: $0) }
        return data
    }

    private func elements(ofNpy data: Data) -> (header: String, elements: [Float]) {
        let bytes = [UInt8](data)
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let elements = bytes[start...].withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        return (String(decoding: bytes[10..<start], as: UTF8.self), elements)
    }

    @Test(arguments: [7, 100_000])
    func `arrays come from files and go to files`(count: Int) throws {
        let (a, b) = (numbers(count, seed: 1), numbers(count, seed: 2))
        try withDaemon(.openCL(.builtin("core/vector-add"))) { daemon in
            let place = daemon.directory.path
            try npy(a, shape: [count]).write(to: URL(filePath: "\(place)/a.npy"))
            try npy(b, shape: [count]).write(to: URL(filePath: "\(place)/b.npy"))
            let call = try daemon.control(
                "call",
                "core/vector-add",
                "a=@\(place)/a.npy",
                "b=@\(place)/b.npy",
                "--out",
                "sum=\(place)/sum.npy"
            )
            #expect(call.status == 0, "\(call)")
            let written = try elements(ofNpy: Data(contentsOf: URL(filePath: "\(place)/sum.npy")))
            #expect(written.header.contains("'descr': '<f4'"))
            #expect(written.header.contains("(\(count),)"))
            #expect(written.elements == zip(a, b).map { $0 + $1 })
        }
    }

    @Test func `a matrix keeps its shape, and values can stand on the command line`() throws {
        try withDaemon(.openCL(.builtin("core/matmul"))) { daemon in
            let place = daemon.directory.path
            let a: [Float] = [1, 2, 3, 4, 5, 6]
            try npy(a, shape: [2, 3]).write(to: URL(filePath: "\(place)/a.npy"))
            let call = try daemon.control(
                "call",
                "core/matmul",
                "a=@\(place)/a.npy",
                "b=[[1], [10], [100]]",
                "--out",
                "product=\(place)/product.npy"
            )
            #expect(call.status == 0, "\(call)")
            let file = URL(filePath: "\(place)/product.npy")
            let written = try elements(ofNpy: Data(contentsOf: file))
            #expect(written.header.contains("(2, 1)"))
            #expect(written.elements == [321, 654])
        }
    }

    @Test func `a mistake in a call is told with exit status 64, whoever finds it`() throws {
        try withDaemon(.openCL(.builtin("graph/pagerank"))) { daemon in
            let value = try daemon.control(
                "call",
                "graph/pagerank",
                "offsets=[0,2,1]",
                "targets=[0]"
            )
            #expect(value.status == 64, "\(value)")
            #expect(value.errors.contains("offsets"), "\(value)")
            let name = try daemon.control(
                "call",
                "graph/pagerank",
                "offsets=[0,1]",
                "targets=[0]",
                "dampning=0.5"
            )
            #expect(name.status == 64, "\(name)")
            #expect(name.errors.contains("damping"))
        }
    }
}
