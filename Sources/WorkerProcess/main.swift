internal import Glibc
internal import WorkerKit

do {
    let options = try WorkerOptions(parsing: Array(CommandLine.arguments.dropFirst()))
    exit(Worker.run(options))
} catch {
    Console.complain("\(error)\n\nSee kernelsup-worker --help.")
    exit(WorkerExit.usage)
}
