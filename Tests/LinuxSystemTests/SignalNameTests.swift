import Glibc
import LinuxSystem
import Testing

@Suite struct `Names of signals and errors` {
    @Test func `are the symbols of the manual`() {
        #expect(signalName(SIGSEGV) == "SIGSEGV")
        #expect(signalName(SIGKILL) == "SIGKILL")
        #expect(signalName(34) == "SIGRTMIN")
        #expect(signalName(37) == "SIGRTMIN+3")
        #expect(signalName(64) == "SIGRTMIN+30")
    }

    @Test func `say the number of what is no signal`() {
        #expect(signalName(0) == "signal 0")
        #expect(signalName(65) == "signal 65")
        #expect(signalName(-1) == "signal -1")
    }

    @Test func `tell why a process ended`() {
        #expect("\(ExitReason.exited(3))" == "exited with status 3")
        #expect("\(ExitReason.signaled(SIGABRT, coreDumped: false))" == "killed by SIGABRT")
        #expect(
            "\(ExitReason.signaled(SIGSEGV, coreDumped: true))"
                == "killed by SIGSEGV (core dumped)"
        )
    }

    @Test func `tell call, subject, symbol and words of an error`() {
        let error = SystemError("open", errno: ENOENT, subject: "/x")
        #expect(error.name == "ENOENT")
        #expect("\(error)" == "open /x: ENOENT (No such file or directory)")
        #expect("\(SystemError("pipe2", errno: EMFILE))" == "pipe2: EMFILE (Too many open files)")
        #expect("\(SystemError("x", errno: 4711))" == "x: errno 4711")
    }
}
