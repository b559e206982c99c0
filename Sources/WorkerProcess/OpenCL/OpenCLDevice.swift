internal import COpenCL

/// A device that an installed OpenCL platform offers, with what the worker needs to know of it.
///
/// A plain value: root device ids are never released, so there is nothing to own.
struct OpenCLDevice {
    /// The class of a device, as the command line names it.
    enum Kind: String, CaseIterable, Sendable {
        case cpu
        case gpu
        case accelerator
        /// A custom device: no OpenCL C, only built-in functions. Never chosen.
        case other
    }

    let id: cl_device_id
    let platformName: String
    let platformVersion: String
    let name: String
    let driverVersion: String
    let kind: Kind
    let computeUnits: Int
    /// Device and host share their memory: a buffer over host memory costs no copy.
    let isHostUnified: Bool
    let globalMemoryBytes: UInt64
    /// The largest single buffer.
    let maxAllocationBytes: UInt64
    let localMemoryBytes: Int
    let maxGroupSize: Int
    /// Bytes that the address of a host-memory buffer must be a multiple of to be used in place.
    let baseAlignment: Int
    let hasDoubles: Bool

    /// A CPU runs work-groups one after the other on few cores: few long work-items beat many.
    var prefersLongItems: Bool { kind == .cpu }

    /// One line for people: `Portable Computing Language, cpu "pthread-…", driver 3.1`.
    var summary: String { "\(platformName), \(kind.rawValue) \"\(name)\", driver \(driverVersion)" }

    init(id: cl_device_id, platform: cl_platform_id) throws(OpenCLError) {
        self.id = id
        platformName = try OpenCLQuery.platformText(platform, CL_PLATFORM_NAME)
        platformVersion = try OpenCLQuery.platformText(platform, CL_PLATFORM_VERSION)
        name = try OpenCLQuery.text(id, CL_DEVICE_NAME)
        driverVersion = try OpenCLQuery.text(id, CL_DRIVER_VERSION)
        let type = try OpenCLQuery.value(id, CL_DEVICE_TYPE, cl_device_type(0))
        kind =
            type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
            ? .gpu
            : type & cl_device_type(CL_DEVICE_TYPE_ACCELERATOR) != 0
                ? .accelerator
                : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .other
        computeUnits = Int(try OpenCLQuery.value(id, CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint(0)))
        isHostUnified =
            try OpenCLQuery.value(id, CL_DEVICE_HOST_UNIFIED_MEMORY, cl_bool(0)) != 0
        globalMemoryBytes = try OpenCLQuery.value(id, CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong(0))
        maxAllocationBytes =
            try OpenCLQuery.value(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong(0))
        localMemoryBytes = Int(
            clamping: try OpenCLQuery.value(id, CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong(0))
        )
        maxGroupSize = try OpenCLQuery.value(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, Int(0))
        baseAlignment = max(
            64,
            Int(try OpenCLQuery.value(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint(0))) / 8
        )
        hasDoubles = try OpenCLQuery.text(id, CL_DEVICE_EXTENSIONS).contains("cl_khr_fp64")
    }

    /// Every device of every platform, in the platforms' order; none when nothing is installed.
    ///
    /// A platform that fails to list its devices is left out: a broken driver beside a good one
    /// must not cost the good one.
    static func all() -> [OpenCLDevice] {
        var platformCount: cl_uint = 0
        guard clGetPlatformIDs(0, nil, &platformCount) == CL_SUCCESS, platformCount > 0 else {
            return []
        }
        var platforms = [cl_platform_id?](repeating: nil, count: Int(platformCount))
        guard clGetPlatformIDs(platformCount, &platforms, nil) == CL_SUCCESS else { return [] }
        return platforms.compactMap(\.self).flatMap(devices(of:))
    }

    private static func devices(of platform: cl_platform_id) -> [OpenCLDevice] {
        let every = cl_device_type(CL_DEVICE_TYPE_ALL)
        var count: cl_uint = 0
        guard clGetDeviceIDs(platform, every, 0, nil, &count) == CL_SUCCESS, count > 0 else {
            return []
        }
        var ids = [cl_device_id?](repeating: nil, count: Int(count))
        guard clGetDeviceIDs(platform, every, count, &ids, nil) == CL_SUCCESS else { return [] }
        return ids.compactMap(\.self).compactMap { try? OpenCLDevice(id: $0, platform: platform) }
    }
}
