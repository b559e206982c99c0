import Glibc
import LinuxSystem
import SupervisionKit
import SupervisionWire
import Testing

@Suite struct `The end of a worker` {
    @Test func `comes with 0 when an idle worker is shut down`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.send(.shutdown)
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes after the running and the waiting call when it is shut down`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "2"])
        try worker.call("fault/sleep", id: 1, [makeScalar("milliseconds", 600_000)])
        try worker.call("fault/echo", id: 2)
        _ = try worker.heartbeat()
        try worker.send(.shutdown)
        try worker.send(.cancel(id: 1))
        #expect(try worker.reply().head.id == 1)
        let head = try worker.reply().head
        #expect(head.id == 2 && head.error == nil)
        #expect(try worker.receive() == .closed)
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes at once when it is shut down before it is ready`() throws {
        let worker = try WorkerUnderTest(["--slow-start", "600000"])
        _ = try worker.receive()
        try worker.welcome()
        try worker.send(.shutdown)
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes with 0 when the channel of an idle worker closes`() throws {
        let worker = try WorkerUnderTest.ready()
        worker.closeChannel()
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes with 0 when the channel closes while a kernel hangs`() throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-kernel")
        _ = try worker.heartbeat()
        worker.closeChannel()
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes with 0 when the channel closes before the welcome`() throws {
        let worker = try WorkerUnderTest()
        _ = try worker.receive()
        worker.closeChannel()
        #expect(try worker.end() == .exited(0))
    }

    @Test func `comes with 76 when the daemon refuses it`() throws {
        let worker = try WorkerUnderTest()
        _ = try worker.receive()
        try worker.send(.refuse(message: "no such slot"))
        #expect(try worker.end() == .exited(76))
        #expect(
            try worker.errorText()
                == "kernelsup-worker: the daemon refused this worker: no such slot\n"
        )
    }

    @Test func `does not wait for a reader of its stderr`() throws {
        let worker = try WorkerUnderTest.ready()
        // The pipe is full before the worker has something to say.
        try worker.fillErrors()
        try worker.send([1, 2, 3])
        #expect(try worker.end() == .exited(76))
    }

    @Test func `comes with the code that the start threw`() throws {
        let worker = try WorkerUnderTest(["--no-device"])
        _ = try worker.receive()
        try worker.welcome()
        #expect(try worker.end() == .exited(69))
        #expect(try worker.errorText() == "kernelsup-worker: no device, as asked\n")
    }

    @Test func `comes with 78 when a kernel is declared twice`() throws {
        let worker = try WorkerUnderTest(["--serve", "fault/echo=late"])
        _ = try worker.receive()
        try worker.welcome()
        #expect(try worker.end() == .exited(78))
        #expect(
            try worker.errorText()
                == "kernelsup-worker: kernel 'fault/echo' is declared twice in one worker\n"
        )
    }

    @Test func `comes with 64 when it is started without a channel`() throws {
        let worker = try WorkerUnderTest([], environment: ["KERNELSUP_CHANNEL=2"])
        #expect(try worker.end() == .exited(64))
        #expect(
            try worker.errorText()
                == "kernelsup-worker: KERNELSUP_CHANNEL is '2', which is no open packet socket\n"
        )
    }

    @Test(arguments: BadFrame.allCases)
    func `comes with 76 after a frame that is none`(_ bad: BadFrame) throws {
        let worker = try WorkerUnderTest.ready()
        try worker.send(try bad.bytes())
        #expect(try worker.end() == .exited(76))
        #expect(
            try worker.errorText()
                == "kernelsup-worker: the daemon broke the protocol: \(bad.complaint); "
                + "the worker ends\n"
        )
    }

    @Test(arguments: BadFrame.allCases)
    func `comes with 76 after such a frame while a kernel hangs`(_ bad: BadFrame) throws {
        let worker = try WorkerUnderTest.ready()
        try worker.call("fault/hang-kernel")
        try worker.send(try bad.bytes())
        #expect(try worker.end() == .exited(76))
    }

    @Test func `comes with 76 when a call comes twice`() throws {
        let worker = try WorkerUnderTest.ready(["--concurrency", "4"])
        try worker.call("fault/hang-kernel", id: 1)
        try worker.call("fault/echo", id: 1)
        #expect(try worker.end() == .exited(76))
    }

    @Test func `comes with 76 when the welcome is none`() throws {
        let good = try WorkerFrame.welcome(
            .init(heartbeatMilliseconds: 5, incarnation: 1, worker: "w")
        ).encoded()
        // The version's low byte and the heartbeat's.
        for (place, value) in [(32, UInt8(9)), (36, 0)] {
            var welcome = good
            welcome[place] = value
            let worker = try WorkerUnderTest()
            _ = try worker.receive()
            try worker.send(welcome)
            #expect(try worker.end() == .exited(76))
        }
        let worker = try WorkerUnderTest()
        _ = try worker.receive()
        try worker.send(.shutdown)
        #expect(try worker.end() == .exited(76))
    }
}

/// Frames that a daemon must not send.
enum BadFrame: CaseIterable {
    case tooShort
    case noMagic
    case otherVersion
    case unknownType
    case wrongLength
    case tooLong
    case fromWorker
    case secondWelcome
    case answeredProbe

    func bytes() throws -> [UInt8] {
        var frame = try WorkerFrame.cancel(id: 1).encoded()
        switch self {
        case .tooShort: frame = Array(frame.prefix(40))
        case .noMagic: frame[0] = 0
        case .otherVersion: frame[4] = 9
        case .unknownType: frame[6] = 200
        case .wrongLength: frame[8] += 8
        case .tooLong: frame += [UInt8](repeating: 0, count: Limits.maxFrameBytes)
        case .fromWorker: frame = try WorkerFrame.hello(.init(concurrency: 1)).encoded()
        case .secondWelcome:
            frame = try WorkerFrame.welcome(
                .init(heartbeatMilliseconds: 1, incarnation: 1, worker: "w")
            ).encoded()
        case .answeredProbe:
            frame = try WorkerFrame.probed(.init(number: 1, status: .ok)).encoded()
        }
        return frame
    }

    var complaint: String {
        switch self {
        case .tooShort: "a frame has at least 96 bytes, this one has 40"
        case .noMagic: "the frame does not start with KSUP"
        case .otherVersion: "protocol version 9 is not spoken here, only 1"
        case .unknownType: "frame type 200 is not known"
        case .wrongLength: "the header states 104 bytes, the packet has 96"
        case .tooLong: "a packet is longer than 98304 bytes"
        case .fromWorker: "a hello from the daemon to a worker that is welcome already"
        case .secondWelcome: "a welcome from the daemon to a worker that is welcome already"
        case .answeredProbe:
            "a probed from the daemon to a worker that is welcome already"
        }
    }
}
