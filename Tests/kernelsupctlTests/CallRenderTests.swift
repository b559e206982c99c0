import KernelClient
import SupervisionKit
import SupervisionWire
import Testing

@testable import kernelsupctl

@Suite struct CallRenderTests {
    private func text(_ tensor: Tensor) -> String { TensorText(tensor: tensor).text }

    @Test func `prints scalars and small arrays in full, as values that can be given back`() {
        #expect(text(.scalar("norm", Float(0.1))) == "norm = 0.1\n")
        #expect(text(.scalar("n", UInt64.max)) == "n = 18446744073709551615\n")
        #expect(text(.scalar("bad", Double.nan)) == "bad = nan\n")
        #expect(
            text(Tensor("x", [1, 2.5, -.infinity] as [Float])) == "x f32[3] = [1.0, 2.5, -inf]\n"
        )
        #expect(text(Tensor("e", [] as [Int32])) == "e i32[0] = []\n")
        #expect(text(.bytes("b", [1, 2])) == "b bytes[2]  (the content: --out b=FILE)\n")
        #expect(
            text(Tensor("m", [1, 2, 3, 4, 5, 6] as [Int8], shape: [2, 3])) == """
                m i8[2, 3] =
                [[1, 2, 3],
                 [4, 5, 6]]

                """
        )
    }

    @Test func `breaks long rows at the width`() {
        #expect(
            text(Tensor("x", (0..<40).map { Int32(1000 + $0) })) == """
                x i32[40] =
                [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011,
                 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1023,
                 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032, 1033, 1034, 1035,
                 1036, 1037, 1038, 1039]

                """
        )
    }

    @Test func `abridges large arrays and says how to get the whole`() {
        #expect(
            text(Tensor("x", (0..<1000).map(Int32.init))) == """
                x i32[1000] = [0, 1, 2, …, 997, 998, 999]
                  abridged, 1000 elements; the whole: --out x=FILE.npy

                """
        )
        #expect(
            text(Tensor("m", (0..<800).map(Int16.init), shape: [100, 2, 4])) == """
                m i16[100, 2, 4] =
                [[[0, 1, 2, 3],
                  [4, 5, 6, 7]],
                 [[8, 9, 10, 11],
                  [12, 13, 14, 15]],
                 [[16, 17, 18, 19],
                  [20, 21, 22, 23]],
                 …,
                 [[776, 777, 778, 779],
                  [780, 781, 782, 783]],
                 [[784, 785, 786, 787],
                  [788, 789, 790, 791]],
                 [[792, 793, 794, 795],
                  [796, 797, 798, 799]]]
                  abridged, 800 elements; the whole: --out m=FILE.npy

                """
        )
    }

    private func failure(_ error: KernelCallError) -> CommandFailure {
        CallFailureText(
            kernel: "finance/var",
            error: error,
            presentation: Samples.presentation
        ).failure
    }

    @Test func `answers first whether a refused call ran, and when to send it again`() {
        let failure = failure(
            KernelCallError(
                code: .unavailable,
                message: "circuit open (KSUP-R07)",
                execution: .notRun,
                retryAfter: .seconds(18)
            )
        )
        #expect(failure.status == .refused)
        #expect(
            failure.text == """
                kernelsupctl: error: finance/var refused the call: circuit open (KSUP-R07)
                  not run: safe to send again after 14:05:31 (in 18s)
                  why: kernelsupctl status finance/var

                """
        )
    }

    @Test func `prints a build log with its lines`() {
        let failure = failure(
            KernelCallError(
                code: .buildFailed,
                message: "the program does not compile:\nvar.cl:3: error: no",
                execution: .notRun
            )
        )
        #expect(
            failure.text == """
                kernelsupctl: error: finance/var failed: the program does not compile:
                  var.cl:3: error: no
                  not run: safe to send again
                  signature: kernelsupctl kernels finance/var

                """
        )
    }

    @Test func `names the worker that had the call`() {
        let failure = failure(
            KernelCallError(
                code: .workerDied,
                message: "the worker died of SIGSEGV",
                execution: .answerLost,
                worker: "finance/var/0",
                incarnation: 4,
                attempts: 2
            )
        )
        #expect(failure.status == .failed)
        #expect(
            failure.details == [
                "ran, answer lost: send it again only if running twice does no harm",
                "by: finance/var/0, incarnation 4, 2 attempts",
                "why: kernelsupctl status finance/var",
            ]
        )
    }

    @Test(arguments: [
        (KernelCallError.Code.unknownKernel, CommandStatus.noSuchName), (.invalidArgument, .usage),
        (.malformedFrame, .failed), (.unsupportedVersion, .failed),
        (.deadlineExceeded, .timedOut), (.cancelled, .failed), (.overloaded, .refused),
        (.unavailable, .refused), (.workerDied, .failed), (.workerHung, .failed),
        (.workerMisbehaved, .failed), (.kernelFailed, .failed), (.buildFailed, .failed),
        (.deviceFailed, .failed), (.shuttingDown, .refused), (.connectionLost, .unreachable),
        (.circuitOpen, .refused), (.chainRefused, .refused), (.poisoned, .refused),
        (.unreachable, .unreachable), (.notAllowed, .notAllowed), (.unreadableReply, .failed),
        (.notSent, .failed),
    ])
    func `has an exit status for each code`(code: KernelCallError.Code, status: CommandStatus) {
        let error = KernelCallError(code: code, message: "m", execution: .notRun)
        #expect(failure(error).status == status)
    }

    @Test func `writes a result as one document`() throws {
        let result = CallResult(
            tensors: [
                Tensor("x", [0.1, .nan] as [Float]), .bytes("blob", [1, 2, 255]),
                Tensor("big", [UInt64.max]), .scalar("y", Int8(-1)),
            ],
            isDegraded: false,
            attempts: 1,
            queued: .microseconds(15),
            executed: .milliseconds(2),
            device: .zero,
            worker: "core/0",
            incarnation: 3
        )
        let document = CallDocument(kernel: "core/echo", result: result, files: ["y": "y.npy"])
        let text = try json(document)
        #expect(
            text
                == #"{"attempts":1,"degraded":false,"degraded_why":null,"device_s":null,"#
                + #""executed_s":0.002,"#
                + #""execution":"ran","format":1,"incarnation":3,"kernel":"core/echo","#
                + #""outputs":{"big":{"data":[18446744073709551615],"shape":[1],"type":"u64"},"#
                + #""blob":{"data_base64":"AQL/","shape":[3],"type":"bytes"},"#
                + #""x":{"data":[0.1,"nan"],"shape":[2],"type":"f32"},"#
                + #""y":{"file":"y.npy","shape":[],"type":"i8"}},"#
                + #""queued_s":1.5e-05,"worker":"core/0"}"# + "\n"
        )
    }

    @Test func `finds all that is wrong with the names at once`() {
        #expect(
            signatureProblems(Samples.echo, inputs: ["facter"], outputs: ["z"]) == [
                "core/echo takes no argument 'facter'; did you mean 'factor'?",
                "the argument 'x' (f32[n]) is missing",
                "core/echo gives no output 'z'; "
                    + "did you mean 'x'?",
            ]
        )
        #expect(signatureProblems(Samples.echo, inputs: ["x"], outputs: ["x"]) == [])
    }
}
