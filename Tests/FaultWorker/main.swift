// A worker for tests only: it starts badly, serves badly and ends badly, as it is told.
internal import Glibc
internal import SupervisionWire
internal import WorkerKit

let options: Options
do {
    options = try Options(Array(CommandLine.arguments.dropFirst()))
} catch {
    switch error {
    case .usage(let message): Death.byMisuse(message)
    }
}
options.words?.say()
if let code = options.exitAtStart { exit(code) }
if options.ignoresTerm { signal(SIGTERM, SIG_IGN) }
if !options.saysHello { Death.hang() }
guard let channel = RawChannel() else {
    Death.byMisuse("KERNELSUP_CHANNEL is not set")
}
if options.isOld {
    channel.send(.hello(.init(minimumVersion: 0, maximumVersion: 0, concurrency: 1)))
    channel.drain()
    exit(WorkerExit.protocolViolation)
}
if let fault = options.lifelineFault {
    let kernel = FaultKernel(ServedFault(.echo), options: options, channel: channel)
    fault.serve([kernel.signature], on: channel)
}
if options.saysHelloTwice { channel.send(.hello(.init(concurrency: 1))) }

WorkerSession.serve(concurrency: options.concurrency) { _ throws(StartFailure) in
    usleep(options.slowStartMilliseconds &* 1000)
    guard options.hasDevice else { throw StartFailure.noDevice("no device, as asked") }
    let served = Fault.allCases.map { ServedFault($0) } + options.served
    return (
        device: "no device: fault worker",
        kernels: served.map { FaultKernel($0, options: options, channel: channel) }
    )
}
