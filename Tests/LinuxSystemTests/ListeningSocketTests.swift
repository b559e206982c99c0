import Glibc
import Testing

@testable import LinuxSystem

/// The rights of a file.
func mode(of path: String) throws -> UInt32 {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status.st_mode & 0o7777
}

/// A listener with the defaults of these tests.
private func bind(
    _ path: String,
    kind: ListeningSocket.Kind = .packet
) throws -> ListeningSocket {
    try ListeningSocket.bind(path: path, kind: kind, mode: 0o600)
}

/// Leaves a socket behind that nobody listens on.
///
/// For a process of its own only: a child that another test starts holds a copy until it executes
/// its program.
private func makeStale(_ path: String, kind: ListeningSocket.Kind) throws {
    let socket = try bind(path, kind: kind)
    try #require(fcntl(socket.rawDescriptor, F_GETFD) == FD_CLOEXEC)
}

@Suite struct `A listening socket` {
    @Test func `accepts connections and says who they are from`() throws {
        let directory = try TemporaryDirectory()
        let listener = try bind("\(directory.path)/s")
        #expect(try listener.accept() == nil)
        let client = try PacketSocket.connect(path: listener.path, nonblocking: true)
        let accepted = try listener.accept()
        guard let accepted else {
            Issue.record("no connection")
            return
        }
        let connection = PacketSocket(owning: accepted)
        #expect(fcntl(connection.rawDescriptor, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(connection.rawDescriptor, F_GETFD) == FD_CLOEXEC)
        #expect(
            try PeerCredentials.of(connection.rawDescriptor)
                == PeerCredentials(pid: getpid(), uid: geteuid(), gid: getegid())
        )
        #expect(try client.send([1]))
        #expect(try connection.receivePacket().bytes == [1])
        #expect(try listener.accept() == nil)
    }

    @Test(arguments: [0o600, 0o660, 0o666, 0o777, 0o000] as [UInt32])
    func `has exactly the rights that were asked for, whatever the umask`(rights: UInt32) async {
        await #expect(processExitsWith: .success) { [rights] in
            for mask in [0o000, 0o022, 0o777] as [UInt32] {
                umask(mask)
                let directory = try TemporaryDirectory()
                chmod(directory.path, 0o700)
                let listener = try ListeningSocket.bind(
                    path: "\(directory.path)/s",
                    kind: .stream,
                    mode: rights
                )
                #expect(try mode(of: listener.path) == rights)
                #expect(umask(mask) == mask)
            }
        }
    }

    @Test func `never has more rights than that, not even at first`() async {
        await #expect(processExitsWith: .success) {
            umask(0)
            let directory = try TemporaryDirectory()
            let path = SocketPath("\(directory.path)/s")
            // What is there before the rights are completed.
            let socket = try path.bind(
                kind: .stream,
                mode: 0o640,
                address: SocketAddress(path: path.path, call: "bind")
            )
            #expect(try mode(of: path.path) == 0o640)
            #expect(fcntl(socket.rawValue, F_GETFD) == FD_CLOEXEC)
        }
    }

    @Test(arguments: [ListeningSocket.Kind.packet, .stream])
    func `is refused where somebody listens, who goes on`(kind: ListeningSocket.Kind) throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/s"
        let first = try bind(path)
        let error = SystemError(
            "bind",
            errno: EADDRINUSE,
            subject: "\(path), where a process listens"
        )
        #expect(throws: error) { _ = try bind(path, kind: kind) }
        while try first.accept() != nil {}
        let client = try PacketSocket.connect(path: path, nonblocking: true)
        #expect(try first.accept() != nil)
        #expect(client.rawDescriptor >= 0)
    }

    @Test func `is refused where somebody listens whose queue is full`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/s"
        let first = try ListeningSocket.bind(path: path, kind: .packet, mode: 0o600, backlog: 0)
        let client = try PacketSocket.connect(path: path, nonblocking: true)
        #expect(throws: SystemError("connect", errno: EAGAIN, subject: path)) {
            _ = try PacketSocket.connect(path: path, nonblocking: true)
        }
        #expect {
            _ = try bind(path)
        } throws: { error in
            (error as? SystemError)?.errno == EADDRINUSE
        }
        #expect(try first.accept() != nil)
        #expect(client.rawDescriptor >= 0)
    }

    @Test func `takes the place of one that nobody holds, of either kind`() async {
        await #expect(processExitsWith: .success) {
            for kind in [ListeningSocket.Kind.packet, .stream] {
                let directory = try TemporaryDirectory()
                let path = "\(directory.path)/s"
                try makeStale(path, kind: kind)
                #expect(throws: SystemError("connect", errno: ECONNREFUSED, subject: path)) {
                    _ = try PacketSocket.connect(path: path, nonblocking: true)
                }
                let listener = try bind(path)
                _ = try PacketSocket.connect(path: path, nonblocking: true)
                #expect(try listener.accept() != nil)
            }
        }
    }

    @Test func `leaves a file alone that is no socket`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.makeFile("data", content: "precious", mode: 0o600)
        let link = "\(directory.path)/link"
        try #require(symlink("data", link) == 0)
        for path in [file, link] {
            let error = SystemError("bind", errno: EEXIST, subject: "\(path), which is no socket")
            #expect(throws: error) { _ = try bind(path) }
        }
        #expect(try readFile(file) == "precious")
    }

    @Test func `is made by one alone of two that try at once`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            for _ in 0..<200 {
                try makeStale(path, kind: .packet)
                let winners = try TwoThreads.count { meet in
                    meet()
                    let socket = try? bind(path)
                    // The winner's socket lives until the other has tried.
                    meet()
                    return socket != nil
                }
                try #require(winners == 1)
            }
        }
    }

    @Test func `is refused when another does not end its turn`() throws {
        let directory = try TemporaryDirectory()
        let holder = try FileDescriptor.openFile(directory.path, flags: O_RDONLY)
        try #require(flock(holder.rawValue, LOCK_EX | LOCK_NB) == 0)
        let error = SystemError(
            "flock",
            errno: EWOULDBLOCK,
            subject: "\(directory.path), which another process keeps locked"
        )
        let path = "\(directory.path)/s"
        #expect(throws: error) {
            _ = try DirectoryLock.take(directoryOf: path, patienceMilliseconds: 2)
        }
        _ = flock(holder.rawValue, LOCK_UN)
        _ = try bind(path)
        // Its own turn has ended, too.
        #expect(flock(holder.rawValue, LOCK_EX | LOCK_NB) == 0)
    }

    @Test func `needs its directory`() {
        #expect(throws: SystemError("open", errno: ENOENT, subject: "/nowhere/dir")) {
            _ = try bind("/nowhere/dir/s")
        }
    }

    @Test func `has a path of at most 107 bytes`() throws {
        let directory = try TemporaryDirectory()
        let room = 107 - directory.path.utf8.count - 1
        let longest = "\(directory.path)/" + String(repeating: "s", count: room)
        let listener = try bind(longest)
        #expect(try names(in: directory.path) == [String(repeating: "s", count: room)])
        _ = try PacketSocket.connect(path: longest, nonblocking: true)
        #expect(try listener.accept() != nil)
        let subject = "\(longest)s (108 bytes; a socket's path has at most 107)"
        #expect(throws: SystemError("bind", errno: ENAMETOOLONG, subject: subject)) {
            _ = try bind(longest + "s")
        }
        #expect(throws: SystemError("connect", errno: ENAMETOOLONG, subject: subject)) {
            _ = try PacketSocket.connect(path: longest + "s", nonblocking: true)
        }
    }

    @Test func `has a path that is not empty and has no zero byte`() {
        // Both would be names in the abstract namespace, which knows no rights, or another file.
        #expect(throws: SystemError("bind", errno: ENOENT, subject: "a socket with an empty path"))
        {
            _ = try bind("")
        }
        for path in ["\0abstract", "/tmp/a\0b"] {
            let subject = "a socket path with a zero byte"
            #expect(throws: SystemError("bind", errno: EINVAL, subject: subject)) {
                _ = try bind(path)
            }
        }
    }

    @Test func `removes its own file and no other`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/s"
        let first = try bind(path)
        first.removePath()
        #expect(try names(in: directory.path) == [])
        let second = try bind(path)
        first.removePath()
        #expect(try names(in: directory.path) == ["s"])
        second.removePath()
        #expect(try names(in: directory.path) == [])
    }

    @Test func `can be inherited, and its file stays then`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/s"
        let original = try bind(path)
        let inherited = dup(original.rawDescriptor)
        let listener = try ListeningSocket(owning: FileDescriptor(owning: inherited), path: path)
        #expect(fcntl(listener.rawDescriptor, F_GETFD) == FD_CLOEXEC)
        #expect(try listener.accept() == nil)
        listener.removePath()
        #expect(try names(in: directory.path) == ["s"])
    }

    @Test func `cannot be reached by the wrong kind of socket`() throws {
        let directory = try TemporaryDirectory()
        let listener = try bind("\(directory.path)/s", kind: .stream)
        #expect(throws: SystemError("connect", errno: EPROTOTYPE, subject: listener.path)) {
            _ = try PacketSocket.connect(path: listener.path, nonblocking: true)
        }
        let path = "\(directory.path)/none"
        #expect(throws: SystemError("connect", errno: ENOENT, subject: path)) {
            _ = try PacketSocket.connect(path: path, nonblocking: true)
        }
    }

    @Test func `keeps a connection waiting that it has no descriptor for`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let listener = try ListeningSocket.bind(path: path, kind: .packet, mode: 0o600)
            let client = try PacketSocket.connect(path: path, nonblocking: true)
            let next = dup(0)
            close(next)
            let old = try ResourceLimit.current(.openFiles)
            try ResourceLimit(.openFiles, soft: UInt64(next), hard: old.hard).apply()
            #expect(throws: SystemError("accept4", errno: EMFILE, subject: path)) {
                _ = try listener.accept()
            }
            try old.apply()
            #expect(try listener.accept() != nil)
            #expect(client.rawDescriptor >= 0)
        }
    }
}
