import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct DeviceTests {
        @Test func `a part of a name in any case finds a device`() throws {
            let devices = OpenCLDevice.all()
            let first = try #require(devices.first)
            let request = DeviceRequest(
                platform: first.platformName.uppercased(),
                device: String(first.name.lowercased().prefix(5)),
                kind: first.kind
            )
            #expect(try request.select(from: devices).id == first.id)
        }

        @Test func `no match says what was wanted and what there is`() throws {
            let devices = OpenCLDevice.all()
            let there = devices.map(\.summary).joined(separator: "; ")
            let request = DeviceRequest(platform: "none such", kind: .accelerator, index: 2)
            let error = #expect(throws: DeviceSelectionError.self) {
                try request.select(from: devices)
            }
            #expect(
                error?.description
                    == "no OpenCL device with platform 'none such', type accelerator, index 2; "
                    + "there is: \(there)"
            )
        }

        @Test func `an index beyond the matches says how many match`() throws {
            let devices = OpenCLDevice.all()
            let error = #expect(throws: DeviceSelectionError.self) {
                try DeviceRequest(index: 99).select(from: devices)
            }
            #expect(error?.matching == devices.count { $0.kind != .other })
            #expect(error?.description.contains("match but for the index") == true)
        }

        @Test func `no devices at all names the package that brings one`() {
            let error = #expect(throws: DeviceSelectionError.self) {
                try DeviceRequest().select(from: [])
            }
            #expect(error?.description.contains("pocl-opencl-icd") == true)
        }

        @Test func `a program that does not compile gives the log`() throws {
            let device = try OnDevice.makeDevice(cache: nil)
            let error = #expect(throws: OpenCLError.self) {
                _ = try device.program(source: "__kernel void f() { y = 1; }", label: "bad.cl")
            }
            #expect(error?.isBuildFailure == true)
            #expect(error?.buildLog.contains("undeclared identifier 'y'") == true)
            #expect(
                error?.description.hasPrefix("clBuildProgram of bad.cl: CL_BUILD_PROGRAM_FAILURE")
                    == true
            )
            let failure = try KernelFailure(#require(error))
            #expect(failure.error == .buildFailed)
            #expect(failure.execution == .notRun)
        }

        @Test func `a function that is not in a program is a build failure by name`() throws {
            let device = try OnDevice.makeDevice(cache: nil)
            let program = try device.program(
                source: "__kernel void f(__global int *x) { *x = 1; }",
                label: "f.cl"
            )
            #expect(try program.kernelNames() == ["f"])
            let error = #expect(throws: OpenCLError.self) { _ = try program.kernel("g") }
            #expect(error?.description == "clCreateKernel of 'g' in f.cl: CL_INVALID_KERNEL_NAME")
        }

        @Test func `a wrong argument says which`() throws {
            let device = try OnDevice.makeDevice(cache: nil)
            let program = try device.program(
                source: "__kernel void f(__global int *x) { *x = 1; }",
                label: "f.cl"
            )
            let function = DeviceFunction(try program.kernel("f"))
            let error = #expect(throws: OpenCLError.self) { try function.set(3, .u32(1)) }
            #expect(error?.description == "clSetKernelArg of 'f', argument 3: CL_INVALID_ARG_INDEX")
            #expect(try KernelFailure(#require(error)).error == .deviceFailed)
        }

        /// Aligned memory is used where it is, other memory is copied: the result is the same.
        @Test(arguments: [0, 4]) func `inputs are read in place or as a copy`(_ skip: Int) throws {
            let device = try OnDevice.makeDevice()
            let alignment = device.info.baseAlignment
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: 256 + skip,
                alignment: alignment
            )
            defer { memory.deallocate() }
            for i in memory.indices { memory[i] = UInt8(truncatingIfNeeded: i) }
            let bytes = UnsafeRawBufferPointer(rebasing: memory[skip...])
            let buffer = try device.input(bytes)
            #expect((buffer.hostMemory != nil) == (device.info.isHostUnified && skip == 0))
            var copy = [UInt8](repeating: 0, count: bytes.count)
            try device.read(buffer, into: &copy)
            #expect(copy == Array(bytes))
        }

        @Test func `an empty buffer and an empty launch are no error`() throws {
            let device = try OnDevice.makeDevice()
            let buffer = try device.input(UnsafeRawBufferPointer(start: nil, count: 0))
            #expect(buffer.byteCount == 0)
            let program = try device.program(
                source: "__kernel void f(__global int *x) { *x = 1; }",
                label: "f.cl"
            )
            let function = DeviceFunction(try program.kernel("f"))
            try function.set(.buffer(buffer))
            try function.launch(on: device, global: [0])
            try device.queue.finish()
        }
    }

    @Suite struct WorkerStartTests {
        @Test func `every built-in kernel starts and can be called`() throws {
            var options = WorkerOptions()
            options.builtins = BuiltinCatalog.all.map { $0.declaration.name }
            let service = try Worker.start(options)
            #expect(service.kernels.map(\.signature.name) == options.builtins)
            #expect(service.kernels.allSatisfy { $0.signature.problem.isEmpty })
            #expect(!service.device.isEmpty)
        }

        @Test func `no device ends with 69`() {
            var options = WorkerOptions()
            options.builtins = ["core/echo"]
            options.device.platform = "none such"
            let failure = #expect(throws: StartFailure.self) { _ = try Worker.start(options) }
            #expect(failure?.exitCode == WorkerExit.noDevice)
            #expect(failure?.message.contains("there is: ") == true)
        }

        @Test func `an unknown built-in ends with 78 and the nearest name`() {
            var options = WorkerOptions()
            options.builtins = ["graph/pagernak"]
            #expect(
                throws: StartFailure.configuration(
                    "no built-in kernel is called 'graph/pagernak'; "
                        + "did you mean 'graph/pagerank'?"
                )
            ) { _ = try Worker.start(options) }
        }

        @Test func `a kernel that does not build is declared with its problem`() {
            let broken = BrokenKernel(VectorAdd.declaration, problem: "log")
            #expect(broken.signature.problem == "log")
            #expect(OnDevice.failure(broken, []) == KernelFailure(.buildFailed, "log"))
        }
    }
}
