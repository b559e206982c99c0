import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

func makeBytes<Element>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
}

func makeTensor(_ elements: [Float]) -> OutgoingTensor {
    OutgoingTensor(
        name: "x",
        type: .f32,
        shape: [UInt64(elements.count)],
        payload: .bytes(makeBytes(elements))
    )
}

/// A tensor in the first descriptor.
func makeTensor(
    name: String,
    type: ElementType,
    shape: [UInt64],
    offset: UInt64
) -> OutgoingTensor {
    OutgoingTensor(
        name: name,
        type: type,
        shape: shape,
        payload: .descriptor(index: 0, offset: offset)
    )
}

func makeScalar(_ name: String, _ value: UInt32) -> OutgoingTensor {
    OutgoingTensor(name: name, type: .u32, shape: [], payload: .bytes(makeBytes([value])))
}

/// A sealed memfd with these bytes.
func makeMemory(_ bytes: [UInt8]) throws -> SharedMemory {
    let memory = try SharedMemory.create(name: "test", byteCount: bytes.count)
    do {
        let mapping = try memory.mapWritable()
        mapping.bytes.copyBytes(from: bytes)
    }
    try memory.seal()
    return memory
}

/// The head of a reply that the worker under test sends: of a result, or of a call not run.
func makeReplyHead(
    _ id: UInt64,
    _ error: CallError? = nil,
    _ message: String = ""
) -> ReplyHead {
    ReplyHead(
        id: id,
        error: error,
        execution: error == nil ? .ran : .notRun,
        incarnation: WorkerUnderTest.incarnation,
        worker: WorkerUnderTest.name,
        message: message
    )
}

/// The file in which the fault worker counts its runs.
final class CountFile {
    private let path: String

    init() throws {
        var template = Array("/tmp/workerkit-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        try #require(file >= 0)
        close(file)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        unlink(path)
    }

    var variable: String { "FAULT_COUNT_FILE=\(path)" }

    func count() throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return Int(status.st_size)
    }
}
