import Glibc
import Testing

@testable import LinuxSystem

@Suite struct `Shared memory` {
    /// Memory with this text in it.
    private func makeMemory(_ text: String) throws -> SharedMemory {
        let memory = try SharedMemory.create(name: "test", byteCount: text.utf8.count)
        let mapping = try memory.mapWritable()
        mapping.bytes.copyBytes(from: text.utf8)
        return memory
    }

    private func text(_ mapping: borrowing MemoryMapping) -> String {
        String(decoding: mapping.bytes, as: UTF8.self)
    }

    @Test func `is zero at first`() throws {
        let memory = try SharedMemory.create(name: "test", byteCount: 10_000)
        let mapping = try memory.mapReadOnly()
        #expect(Array(mapping.bytes) == [UInt8](repeating: 0, count: 10_000))
    }

    @Test func `is seen by everyone who has the descriptor`() throws {
        let memory = try makeMemory("what was written")
        try memory.seal()
        let other = try SharedMemory(owning: memory.descriptor.duplicate())
        #expect(other.byteCount == 16)
        #expect(try text(other.mapReadOnly()) == "what was written")
    }

    @Test func `can be empty`() throws {
        let memory = try SharedMemory.create(name: "test", byteCount: 0)
        #expect(try memory.mapWritable().bytes.count == 0)
        try memory.seal()
        #expect(try memory.mapReadOnly().bytes.count == 0)
        #expect(SharedMemory.isSealed(memory.rawDescriptor) == .sealed)
    }

    @Test func `cannot have a negative size`() {
        let error = SystemError("ftruncate", errno: EINVAL, subject: "memfd 'test' to -1 bytes")
        #expect(throws: error) { _ = try SharedMemory.create(name: "test", byteCount: -1) }
    }

    @Test func `cannot have a name of 250 bytes`() {
        let name = String(repeating: "n", count: 250)
        let error = SystemError("memfd_create", errno: EINVAL, subject: "'\(name)'")
        #expect(throws: error) { _ = try SharedMemory.create(name: name, byteCount: 1) }
    }

    @Test func `is closed on exec`() throws {
        let memory = try SharedMemory.create(name: "test", byteCount: 1)
        #expect(fcntl(memory.rawDescriptor, F_GETFD) == FD_CLOEXEC)
    }

    @Test func `cannot be sealed while somebody can write to it`() throws {
        let memory = try makeMemory("text")
        let mapping = try memory.mapWritable()
        #expect(throws: SystemError.self) { try memory.seal() }
        mapping.bytes[0] = 1
        #expect(
            SharedMemory.isSealed(memory.rawDescriptor)
                == .unsealed(missing: ["F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_WRITE"])
        )
    }

    @Test func `cannot be changed once it is sealed`() throws {
        let memory = try makeMemory("text")
        try memory.seal()
        #expect(throws: SystemError.self) { _ = try memory.mapWritable() }
        #expect(throws: SystemError.self) { try memory.seal() }
        #expect(ftruncate(memory.rawDescriptor, 0) == -1)
        #expect(ftruncate(memory.rawDescriptor, 100) == -1)
        #expect(Glibc.write(memory.rawDescriptor, "x", 1) == -1)
        #expect(try text(memory.mapReadOnly()) == "text")
    }

    @Test func `is sealed only with all three seals`() throws {
        // The kernel's numbers of <linux/fcntl.h>.
        let seals: [(number: Int32, name: String)] = [
            (2, "F_SEAL_SHRINK"), (4, "F_SEAL_GROW"), (8, "F_SEAL_WRITE"),
        ]
        let addSeals: Int32 = 1033
        for subset in 0..<8 {
            let memory = try makeMemory("text")
            let present = seals.enumerated().filter { subset & 1 << $0.offset != 0 }
            let sum = present.reduce(0) { $0 | $1.element.number }
            try #require(fcntl(memory.rawDescriptor, addSeals, sum) == 0)
            let missing = seals.enumerated().filter { subset & 1 << $0.offset == 0 }
                .map(\.element.name)
            #expect(
                SharedMemory.isSealed(memory.rawDescriptor)
                    == (missing.isEmpty ? .sealed : .unsealed(missing: missing))
            )
        }
    }

    @Test func `is told from what is no memory`() throws {
        let pipe = try Pipe.create()
        let file = try FileDescriptor.openFile("/proc/self/status", flags: O_RDONLY)
        #expect(SharedMemory.isSealed(pipe.reader.rawValue) == .notMemfd)
        #expect(SharedMemory.isSealed(file.rawValue) == .notMemfd)
        #expect(SharedMemory.isSealed(-1) == .notMemfd)
        #expect(SharedMemory.isSealed(.max) == .notMemfd)
    }

    @Test func `can be read in part, from any byte`() throws {
        let memory = try makeMemory(String(repeating: "0123456789", count: 1000))
        try memory.seal()
        for (offset, expected) in [(0, "0123"), (1, "1234"), (4096, "6789"), (9996, "6789")] {
            let mapping = try MemoryMapping.readOnly(
                memory.rawDescriptor,
                offset: UInt64(offset),
                byteCount: 4
            )
            #expect(text(mapping) == expected)
        }
    }

    @Test func `is read through a private mapping, as every kernel allows when it is sealed`()
        throws
    {
        let memory = try SharedMemory.create(name: "private-mapping", byteCount: 1)
        let mapping = try memory.mapReadOnly()
        #expect(mapping.bytes[0] == 0)
        let lines = try readFile("/proc/self/maps").split(separator: "\n")
            .filter { $0.contains("memfd:private-mapping") }
        #expect(lines.map { $0.split(separator: " ")[1] } == ["r--p"])
        withExtendedLifetime(mapping) {}
    }

    @Test(
        arguments: [
            (0, 5), (1, 4), (4, 1), (5, 0), (.max, 1), (1, .max), (.max, .max), (1 << 63, 1),
        ] as [(UInt64, UInt64)]
    )
    func `that is too short is not mapped`(offset: UInt64, byteCount: UInt64) throws {
        let memory = try makeMemory("text")
        let error = SystemError(
            "mmap",
            errno: ENXIO,
            subject: "\(byteCount) bytes from byte \(offset) of a file of 4 bytes"
        )
        #expect(throws: error) {
            _ = try MemoryMapping.readOnly(
                memory.rawDescriptor,
                offset: offset,
                byteCount: byteCount
            )
        }
    }

    @Test func `can be mapped after its descriptor was closed again`() throws {
        let mapping = try makeMemory("text").mapReadOnly()
        #expect(text(mapping) == "text")
    }

    @Test func `leaves neither descriptors nor mappings behind`() async {
        await #expect(processExitsWith: .success) {
            func mappings() throws -> Int {
                try readFile("/proc/self/maps").split(separator: "\n")
                    .filter { $0.contains("memfd:leak") }.count
            }
            let before = try ownDescriptors()
            for _ in 0..<100 {
                let memory = try SharedMemory.create(name: "leak", byteCount: 5000)
                do {
                    let mapping = try memory.mapWritable()
                    mapping.bytes[4999] = 1
                }
                try memory.seal()
                let part = try MemoryMapping.readOnly(
                    memory.rawDescriptor,
                    offset: 4100,
                    byteCount: 900
                )
                try #require(part.bytes[899] == 1)
            }
            #expect(try mappings() == 0)
            #expect(try ownDescriptors() == before)
        }
    }
}
