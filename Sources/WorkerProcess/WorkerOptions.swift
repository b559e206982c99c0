/// The command line of `kernelsup-worker`.
struct WorkerOptions: Hashable, Sendable {
    enum Mode: Hashable, Sendable {
        /// Serve calls on the channel that the daemon gives.
        case serve
        case listKernels
        case listDevices
        case showVersion
        case showHelp
    }

    var mode = Mode.serve
    /// Names of built-in kernels, in the order given.
    var builtins: [String] = []
    /// Paths of manifests, in the order given.
    var manifests: [String] = []
    var device = DeviceRequest()
    /// Directory of built programs; nil for none.
    var cache: String?

    static let usage = """
        usage: kernelsup-worker [--builtin NAME]… [--manifest FILE]… [options]
               kernelsup-worker --list | --devices | --version | --help

        Serves compute kernels on an OpenCL device. kernelsupd starts it and speaks with it over
        the channel in KERNELSUP_CHANNEL.

          --builtin NAME       serve a built-in kernel, such as graph/pagerank
          --manifest FILE      serve the kernel that a manifest describes
          --platform NAME      use a platform with NAME in its name
          --device NAME        use a device with NAME in its name
          --device-type TYPE   use a device of type cpu, gpu, accelerator or any (default: any)
          --device-index N     use the N-th of the devices that match, from 0 (default: 0)
          --cache DIR          keep built programs in DIR
          --list               print the built-in kernels with their signatures
          --devices            print the OpenCL devices there are
          --version            print the version
          --help               print this
        """
}

/// A command line that cannot be read: what is wrong and how it would be right.
struct UsageError: Error, Hashable, CustomStringConvertible {
    let description: String
}
