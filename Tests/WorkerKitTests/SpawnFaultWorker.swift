import Glibc
import LinuxSystem
import Testing

/// Starts the fault worker that the build put beside the program that runs the tests.
///
/// Its whole environment is `environment`, NAME=VALUE each; `channel` becomes descriptor 3 and
/// `errors` stderr.
func spawnFaultWorker(
    _ arguments: [String],
    environment: [String],
    channel: Int32?,
    errors: Int32
) throws -> Int32 {
    let program = try faultWorkerPath()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Channel first: neither number may be overwritten before it was copied, and stderr is 2.
    if let channel { posix_spawn_file_actions_adddup2(&actions, channel, 3) }
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    // The threads that run tests block signals; a worker starts without, as the daemon starts it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var argumentVector = ([program] + arguments).map { strdup($0) } + [nil]
    var environmentVector = environment.map { strdup($0) } + [nil]
    defer { (argumentVector + environmentVector).forEach { free($0) } }
    var pid: pid_t = 0
    let result = posix_spawn(
        &pid,
        program,
        &actions,
        &attributes,
        &argumentVector,
        &environmentVector
    )
    try #require(result == 0, "posix_spawn \(program): \(errnoDescription(result))")
    return pid
}

private func faultWorkerPath() throws -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
    }
    let program = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    let slash = try #require(program.lastIndex(of: "/"))
    return program[..<slash] + "/FaultWorker"
}
