extension WorkerFrame {
    /// Reads any frame but call and reply.
    ///
    /// `header` came from the same bytes.
    ///
    /// Bytes behind the described end are ignored, as reserved bytes are.
    ///
    /// - Throws: `.unknownType` for a call or a reply, which have decoders of their own;
    ///   `.badValue` for tensors, which only those two carry, for descriptors, of which a hello may
    ///   carry one, and for numbers outside their range; `.truncated`, `.tooLarge`, `.badText` for
    ///   texts.
    public init(decoding bytes: Span<UInt8>, header: FrameHeader) throws(WireError) {
        try FrameHeader.checkCount(of: bytes, atLeast: Limits.headerBytes)
        try WorkerFrame.checkCounts(of: header)
        switch header.type {
        case .hello:
            self = .hello(try Hello(decoding: bytes, header: header))
        case .welcome:
            self = .welcome(try Welcome(decoding: bytes))
        case .ready:
            self = .ready(try Ready(decoding: bytes))
        case .heartbeat:
            self = .heartbeat(
                Heartbeat(
                    runningCall: header.id,
                    progress: bytes.u64(at: 32),
                    ended: bytes.u64(at: 40)
                )
            )
        case .cancel:
            self = .cancel(id: header.id)
        case .shutdown:
            self = .shutdown
        case .refuse:
            var reader = TextReader(offset: Limits.headerBytes)
            self = .refuse(
                message: try reader.text(
                    bytes,
                    length: Int(bytes.u16(at: 82)),
                    limit: Limits.maxMessageBytes
                )
            )
        case .probe:
            self = .probe(try Probe(decoding: bytes, number: header.id))
        case .probed:
            self = .probed(try Probed(decoding: bytes, number: header.id))
        case .call, .reply:
            throw WireError(.unknownType(header.type.rawValue), "a \(header.type) is no such frame")
        }
    }

    /// Writes the frame as one packet.
    ///
    /// - Throws: what its reader would. In a ready frame long texts are cut first, so that a
    ///   worker with many build logs can still say that it is ready.
    public func encoded() throws(WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        FrameHeader(type: type, length: 0, id: id, descriptorCount: descriptorCount)
            .encode(into: &bytes)
        switch self {
        case .hello(let hello):
            try hello.check()
            bytes.append(u16: hello.minimumVersion)
            bytes.append(u16: hello.maximumVersion)
            bytes.append(u32: hello.concurrency)
            bytes.append(zeros: Limits.headerBytes - bytes.count)
        case .welcome(let welcome):
            try welcome.check()
            let worker = welcome.worker.truncated(toUTF8: Limits.maxNameBytes)
            bytes.append(u16: welcome.version)
            bytes.append(u16: 0)
            bytes.append(u32: welcome.heartbeatMilliseconds)
            bytes.append(u64: welcome.incarnation)
            bytes.append(zeros: 80 - bytes.count)
            bytes.append(u16: UInt16(worker.utf8.count))
            bytes.append(zeros: Limits.headerBytes - bytes.count)
            bytes.append(contentsOf: worker.utf8)
        case .ready(let ready):
            bytes.append(u16: UInt16(clamping: ready.kernels.count))
            bytes.append(zeros: Limits.headerBytes - bytes.count)
            try ready.encode(into: &bytes)
            guard bytes.count <= Limits.maxFrameBytes else {
                throw WireError(
                    .tooLarge,
                    "a ready frame of \(bytes.count) bytes, at most \(Limits.maxFrameBytes); "
                        + "declare fewer kernels or arguments in one worker"
                )
            }
        case .heartbeat(let heartbeat):
            bytes.append(u64: heartbeat.progress)
            bytes.append(u64: heartbeat.ended)
            bytes.append(zeros: Limits.headerBytes - bytes.count)
        case .cancel, .shutdown:
            bytes.append(zeros: Limits.headerBytes - bytes.count)
        case .refuse(let message):
            let text = message.truncated(toUTF8: Limits.maxMessageBytes)
            bytes.append(zeros: 82 - bytes.count)
            bytes.append(u16: UInt16(text.utf8.count))
            bytes.append(zeros: Limits.headerBytes - bytes.count)
            bytes.append(contentsOf: text.utf8)
        case .probe(let probe):
            try probe.encode(into: &bytes)
        case .probed(let probed):
            probed.encode(into: &bytes)
        }
        bytes.overwrite(u32: UInt32(bytes.count), at: 8)
        return bytes
    }

    private static func checkCounts(of header: FrameHeader) throws(WireError) {
        switch header.type {
        case .call, .reply: return
        case .hello:
            guard header.tensorCount == 0, header.descriptorCount <= 1 else {
                throw WireError(
                    .badValue,
                    "a hello frame carries no tensors and at most one descriptor"
                )
            }
        case .cancel, .welcome, .ready, .heartbeat, .shutdown, .refuse, .probe, .probed:
            guard header.tensorCount == 0, header.descriptorCount == 0 else {
                throw WireError(
                    .badValue,
                    "a \(header.type) frame carries neither tensors nor descriptors"
                )
            }
        }
    }

    private var descriptorCount: UInt16 {
        switch self {
        case .hello(let hello): hello.hasLifeline ? 1 : 0
        case .welcome, .ready, .heartbeat, .cancel, .shutdown, .refuse, .probe, .probed: 0
        }
    }

    private var type: FrameType {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .ready: .ready
        case .heartbeat: .heartbeat
        case .cancel: .cancel
        case .shutdown: .shutdown
        case .refuse: .refuse
        case .probe: .probe
        case .probed: .probed
        }
    }

    private var id: UInt64 {
        switch self {
        case .cancel(let id): id
        case .heartbeat(let heartbeat): heartbeat.runningCall
        case .probe(let probe): probe.number
        case .probed(let probed): probed.number
        case .hello, .welcome, .ready, .shutdown, .refuse: 0
        }
    }
}

extension WorkerFrame.Hello {
    init(decoding bytes: Span<UInt8>, header: FrameHeader) throws(WireError) {
        self.init(
            minimumVersion: bytes.u16(at: 32),
            maximumVersion: bytes.u16(at: 34),
            concurrency: bytes.u32(at: 36),
            hasLifeline: header.descriptorCount == 1
        )
        try check()
    }

    func check() throws(WireError) {
        guard minimumVersion <= maximumVersion else {
            throw WireError(
                .badValue,
                "hello: versions \(minimumVersion) to \(maximumVersion) are out of order"
            )
        }
        guard (1...Limits.maxConcurrency).contains(concurrency) else {
            throw WireError(
                .badValue,
                "hello: a concurrency of \(concurrency) is not 1 to \(Limits.maxConcurrency)"
            )
        }
    }
}

extension WorkerFrame.Welcome {
    init(decoding bytes: Span<UInt8>) throws(WireError) {
        var reader = TextReader(offset: Limits.headerBytes)
        self.init(
            version: bytes.u16(at: 32),
            heartbeatMilliseconds: bytes.u32(at: 36),
            incarnation: bytes.u64(at: 40),
            worker: try reader.text(
                bytes,
                length: Int(bytes.u16(at: 80)),
                limit: Limits.maxNameBytes
            )
        )
        try check()
    }

    func check() throws(WireError) {
        guard (1...Limits.maxHeartbeatMilliseconds).contains(heartbeatMilliseconds) else {
            throw WireError(
                .badValue,
                "welcome: a heartbeat every \(heartbeatMilliseconds) ms is not one in 1 to "
                    + "\(Limits.maxHeartbeatMilliseconds) ms"
            )
        }
    }
}
