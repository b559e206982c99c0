internal import CSystemd
internal import Glibc
internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit

/// The daemon's command line, and the order in which things must be made at the start.
@main
enum EntryPoint {
    static let version = "0.1.0"

    static let help = """
        kernelsupd \(version): keeps compute kernels alive in supervised worker processes

        usage: kernelsupd [options]

          --config FILE             configuration (default /etc/kernelsupd/kernelsupd.toml)
          --runtime-directory DIR   where the sockets are made, in place of the file's
          --record FILE             write all that is decided there, for supsim to repeat
          --check                   read the configuration, report every error, and exit
          --show-config             check, then print every value in force and its origin
          --version                 print the version and exit
          --help                    print this and exit

        signals: SIGTERM, SIGINT  finish the calls in flight, stop the workers, exit (twice: now)
                 SIGHUP           read the configuration again
        exit:    0 ended in order or configuration right, 1 could not start, 64 usage,
                 78 wrong configuration
        see:     kernelsupd(8), kernelsupctl(1)

        """

    static func main() {
        // First of all, before any thread could exist: signals belong to the loop alone.
        blockSignals()
        fillStandardDescriptors()
        let options: Options
        do {
            options = try Options(CommandLine.arguments.dropFirst())
        } catch {
            complain("kernelsupd: error: \(error.message)\n  kernelsupd --help lists the options")
            exit(64)
        }
        if options.wantsHelp { return show(help) }
        if options.wantsVersion { return show("kernelsupd \(version)\n") }
        run(options)
    }

    private static func run(_ options: Options) {
        guard let daemon = start(options) else { return }
        exit(daemon.loop.run())
    }

    /// The reader, with all that the files say, ends with this call.
    ///
    /// - Returns: nil when no more was asked for than a look at the configuration.
    private static func load(_ options: Options) -> LoadedConfiguration? {
        var reader = ConfigurationReader(
            path: options.configurationPath,
            runtimeDirectory: options.runtimeDirectory,
            openFiles: originalOpenFiles(),
            processes: mostProcesses()
        )
        let loaded: LoadedConfiguration
        do {
            loaded = try reader.read()
        } catch {
            complain("\(error)\n\(summary(of: error))")
            exit(78)
        }
        if options.wantsConfiguration {
            show("\(reader.effective())")
            return nil
        }
        if options.wantsCheck {
            let warnings = reader.warningTexts
            for warning in warnings { complain(warning) }
            let counts =
                [count(reader.kernels.count, "kernel")]
                + (warnings.isEmpty ? [] : [count(warnings.count, "warning")])
            show("\(options.configurationPath): right, \(counts.joined(separator: ", "))\n")
            return nil
        }
        return loaded
    }

    /// What was read ends with this call, and not with the daemon.
    private static func start(_ options: Options) -> Daemon? {
        guard let loaded = load(options) else { return nil }
        raiseLimits()
        do {
            var recorder: Recorder?
            let loop = try EventLoop()
            if let path = options.recordingPath { recorder = try Recorder(path: path) }
            let daemon = Daemon(
                loop: loop,
                version: version,
                configurationPath: options.configurationPath,
                loaded: loaded,
                recorder: recorder.take()
            )
            try startOn(daemon, loaded.core)
            return daemon
        } catch {
            complain("kernelsupd: error: \(explain(error, loaded.settings))")
            exit(1)
        }
    }

    private static func startOn(
        _ daemon: Daemon,
        _ configuration: Configuration
    ) throws(SystemError) {
        let result = daemon.assumeIsolated { daemon in
            Result { () throws(SystemError) -> Void in try daemon.start(configuration) }
        }
        try result.get()
    }

    private static func explain(_ error: SystemError, _ settings: Settings) -> String {
        switch error.errno {
        case EADDRINUSE:
            "\(error): another kernelsupd answers there; it was not touched and goes on"
        case ENOENT where error.subject.hasPrefix(settings.runtimeDirectory):
            "\(error): the runtime directory \(settings.runtimeDirectory) does not exist"
        default: "\(error)"
        }
    }

    private static func summary(of errors: ConfigurationErrors) -> String {
        let files = Set(errors.diagnostics.map(\.path)).count
        let errors = count(errors.diagnostics.count, "error")
        return "\(errors) in \(count(files, "file")). Nothing was started."
    }

    private static func count(_ number: Int, _ word: String) -> String {
        number == 1 ? "1 \(word)" : "\(number) \(word)s"
    }

    // MARK: - Process

    private static func blockSignals() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A reader of ours that is gone must be an error of the write, not the end.
        signal(SIGPIPE, SIG_IGN)
        // A start with SIGCHLD ignored would let children vanish before they are waited for.
        signal(SIGCHLD, SIG_DFL)
        // The runtime's crash handler shows where the process is and then returns, so that one of
        // these that comes from outside, such as the watchdog's, would end nothing.
        signal(SIGABRT, SIG_DFL)
        signal(SIGQUIT, SIG_DFL)
    }

    /// A daemon that was started without them would otherwise log into the next file that it opens.
    private static func fillStandardDescriptors() {
        var number: Int32
        repeat { number = open("/dev/null", O_RDWR) } while (0...2).contains(number)
        if number > 2 { close(number) }
    }

    private static func originalOpenFiles() -> ResourceLimit {
        (try? ResourceLimit.current(.openFiles))
            ?? ResourceLimit(.openFiles, soft: 1024, hard: 1024)
    }

    /// The system counts them for each user, and not for root.
    private static func mostProcesses() -> UInt64 {
        guard geteuid() != 0 else { return ResourceLimit.unlimited }
        return (try? ResourceLimit.current(.processes))?.hard ?? ResourceLimit.unlimited
    }

    private static func raiseLimits() {
        do {
            _ = try ResourceLimit.raiseOpenFiles()
            var processes = try ResourceLimit.current(.processes)
            processes.soft = processes.hard
            try processes.apply()
        } catch {
            complain("kernelsupd: warning: a limit stays as it is: \(error)")
        }
    }

    private static func show(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    private static func complain(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(descriptor, part.baseAddress, part.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
