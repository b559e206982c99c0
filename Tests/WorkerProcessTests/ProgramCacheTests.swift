import Glibc
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct ProgramCacheTests {
        private static let source = "__kernel void one(__global int *x) { x[0] = ONE; }"

        private func build(
            in directory: String,
            options: String = "-DONE=1",
            warn: @escaping (String) -> Void = { Issue.record("\($0)") }
        ) throws -> Int32 {
            let device = try OnDevice.makeDevice(cache: directory, warn: warn)
            let program = try device.program(source: Self.source, options: options, label: "one")
            let function = DeviceFunction(try program.kernel("one"))
            let buffer = try device.scratch(Int32.self, count: 1)
            try function.set(.buffer(buffer))
            try function.launch(on: device, groups: 1, of: 1)
            var result: [Int32] = [0]
            try device.read(buffer, into: &result)
            return result[0]
        }

        private func isPrebuilt(in directory: String, options: String = "-DONE=1") throws -> Bool {
            let device = try OnDevice.makeDevice(cache: directory)
            return try device.program(source: Self.source, options: options, label: "one")
                .isPrebuilt
        }

        private func key(options: String = "-DONE=1") throws -> ProgramCache.Key {
            let device = try OnDevice.makeDevice().info
            return ProgramCache.Key(source: Self.source, options: options, device: device)
        }

        @Test func `the second build is a read`() throws {
            let directory = TemporaryDirectory().path + "/new"
            #expect(try !isPrebuilt(in: directory))
            #expect(try isPrebuilt(in: directory))
            #expect(try build(in: directory) == 1)
            var status = stat()
            #expect(stat(directory, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }

        @Test func `other options are another program`() throws {
            let directory = TemporaryDirectory().path
            #expect(try build(in: directory) == 1)
            #expect(try build(in: directory, options: "-DONE=2") == 2)
            #expect(try build(in: directory) == 1)
        }

        @Test func `any damaged file is ignored and replaced`() throws {
            let directory = TemporaryDirectory().path
            let cache = ProgramCache(directory: directory)
            let key = try key()
            _ = try build(in: directory)
            let whole = try #require(CacheFile.read(cache.path(for: key), limit: 1 << 30))
            var flipped = whole
            flipped[whole.count - 9] ^= 1
            for damaged in [[], [0], Array(whole.dropLast()), flipped, Array(whole.prefix(40))] {
                #expect(CacheFile.replace(cache.path(for: key), with: damaged) == nil)
                #expect(cache.binary(for: key) == nil)
                #expect(try build(in: directory) == 1)
                #expect(cache.binary(for: key) != nil)
            }
        }

        /// A binary that is whole but that the driver does not take.
        @Test func `a binary that does not load is rebuilt with a warning`() throws {
            let directory = TemporaryDirectory().path
            let key = try key()
            #expect(ProgramCache(directory: directory).store([1, 2, 3], for: key) == nil)
            var warnings = 0
            #expect(try build(in: directory) { _ in warnings += 1 } == 1)
            #expect(warnings == 1)
            #expect(try isPrebuilt(in: directory))
        }

        @Test func `a file with another key under the same name does not count`() throws {
            let cache = ProgramCache(directory: TemporaryDirectory().path)
            let wanted = try key()
            let other = try key(options: "-DONE=2")
            let foreign = ProgramCache.encode([1, 2, 3], key: other)
            #expect(CacheFile.replace(cache.path(for: wanted), with: foreign) == nil)
            #expect(cache.binary(for: wanted) == nil)
            #expect(ProgramCache.decode(foreign, key: other) == [1, 2, 3])
        }

        @Test func `a directory that cannot be made is a warning`() throws {
            var warnings: [String] = []
            #expect(try build(in: "/proc/none/here") { warnings.append($0) } == 1)
            #expect(
                warnings == [
                    "the program cache is not written: mkdir /proc/none/here: "
                        + "No such file or directory"
                ]
            )
        }

        @Test func `keys with the same text joined differ`() throws {
            var first = try key()
            var second = first
            first.options = "a"
            first.source = "b"
            second.options = ""
            second.source = "ab"
            let cache = ProgramCache(directory: "/nowhere")
            #expect(first.text != second.text)
            #expect(cache.path(for: first) != cache.path(for: second))
        }

        /// The published hashes of RFC 9923, appendix C.
        @Test func `the hash is FNV-1a`() {
            #expect(Hash128.of([]) == 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D)
            #expect(Hash128.of([0x61]) == 0xD228_CB69_6F1A_8CAF_7891_2B70_4E4A_8964)
            #expect(
                Hash128.of(Array("foobar".utf8)) == 0x343E_1662_793C_64BF_6F0D_3597_BA44_6F18
            )
        }
    }
}
