internal import Glibc
internal import LinuxSystem
internal import SupervisionKit
internal import WorkerKit

/// What the process does once its command line is read.
enum Worker {
    static let version = "0.1.0"

    /// Does what the options say and returns the exit code; serving never returns.
    static func run(_ options: WorkerOptions) -> Int32 {
        switch options.mode {
        case .showHelp:
            Console.result(WorkerOptions.usage)
        case .showVersion:
            Console.result("kernelsup-worker \(version)")
        case .listKernels:
            let texts = BuiltinCatalog.all.map { BuiltinCatalog.text(of: $0.declaration) }
            Console.result(texts.joined(separator: "\n\n"))
        case .listDevices:
            return listDevices()
        case .serve:
            serve(options)
        }
        return WorkerExit.orderly
    }

    private static func listDevices() -> Int32 {
        let devices = OpenCLDevice.all()
        guard !devices.isEmpty else {
            Console.complain(
                DeviceSelectionError(request: DeviceRequest(), matching: 0, available: [])
                    .description
            )
            return WorkerExit.noDevice
        }
        for (index, device) in devices.enumerated() {
            Console.result(
                "\(index)  \(device.summary), \(device.computeUnits) units, "
                    + "\(device.globalMemoryBytes >> 20) MiB"
            )
        }
        return WorkerExit.orderly
    }

    private static func serve(_ options: WorkerOptions) -> Never {
        guard getenv("KERNELSUP_CHANNEL") != nil else {
            Console.complain(
                "started without KERNELSUP_CHANNEL: kernelsupd starts workers, "
                    + "by hand only --list, --devices, --version and --help do something"
            )
            exit(WorkerExit.usage)
        }
        guard !options.builtins.isEmpty || !options.manifests.isEmpty else {
            Console.complain("nothing to serve: give --builtin NAME or --manifest FILE")
            exit(WorkerExit.usage)
        }
        WorkerSession.serve { (_) throws(StartFailure) in try start(options) }
    }

    /// Chooses the device and makes the kernels on it, warm.
    static func start(_ options: WorkerOptions) throws(StartFailure) -> WorkerSession.Service {
        let builtins = try options.builtins.map { name throws(StartFailure) in
            guard let kernel = BuiltinCatalog.kernel(named: name) else {
                throw .configuration(
                    "no built-in kernel is called '\(name)'\(BuiltinCatalog.hint(for: name))"
                )
            }
            return kernel
        }
        let device = try open(options)
        var kernels: [any Kernel] = []
        for type in builtins { kernels.append(try make(type, on: device)) }
        for path in options.manifests {
            kernels.append(try ManifestLoader.load(path, on: device))
        }
        // A compiler is in memory by now, for programs from the cache too, and all that is resident
        // must be taken back before the daemon can see that this process is dead.
        ProgramText.release()
        Heap.trim()
        return (device: device.info.summary, kernels: kernels)
    }

    private static func open(_ options: WorkerOptions) throws(StartFailure) -> ComputeDevice {
        do {
            let info = try options.device.select(from: OpenCLDevice.all())
            return try ComputeDevice(info, cache: options.cache.map(ProgramCache.init(directory:)))
        } catch let error as DeviceSelectionError {
            throw .noDevice(error.description)
        } catch {
            throw .noDevice("could not open the OpenCL device: \(error)")
        }
    }

    /// A kernel whose program does not build or run is declared all the same, with the log as its
    /// problem.
    private static func make(
        _ type: any BuiltinKernel.Type,
        on device: ComputeDevice
    ) throws(StartFailure) -> any Kernel {
        do {
            return try type.init(on: device)
        } catch let failure as StartFailure {
            throw failure
        } catch let failure as KernelFailure {
            return BrokenKernel(type.declaration, problem: failure.message)
        } catch {
            return BrokenKernel(type.declaration, problem: "\(error)")
        }
    }
}
