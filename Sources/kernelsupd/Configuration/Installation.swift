internal import Glibc

/// Where the other programs are: beside the daemon in a build, in libexec when installed.
enum Installation {
    static let worker = program("kernelsup-worker")
    static let execHelper = program("kernelsup-exec")

    private static func program(_ name: String) -> String {
        let own = FileReading.directory(of: FileReading.realPath("/proc/self/exe") ?? "/usr/bin/x")
        let beside = own + "/" + name
        if access(beside, X_OK) == 0 { return beside }
        return FileReading.directory(of: own) + "/libexec/kernelsupd/" + name
    }
}
