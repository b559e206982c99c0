import Glibc

/// A function that runs on a thread of its own, so that a test can wait for one thing and do
/// another.
final class Background<Value: Sendable>: @unchecked Sendable {
    private var thread = pthread_t()
    private var result: Result<Value, any Error>?

    init(_ body: @escaping @Sendable () throws -> Value) {
        // Written by the thread before its end, read behind the join.
        let start = ThreadStart { [self] in result = Result { try body() } }
        start.launch(&thread)
    }

    /// Waits for the end of the function; to be called once.
    func value() throws -> Value {
        pthread_join(thread, nil)
        guard let result else { throw NotInTime(what: "the end of a thread") }
        return try result.get()
    }
}

/// The thread that starts all programs.
///
/// It never ends: Linux tells a child that its parent has died when the *thread* has ended that
/// started it, and the threads which run tests come and go.
final class SpawnThread: @unchecked Sendable {
    static let shared = SpawnThread()

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Guarded by the mutex.
    private var jobs: [() -> Void] = []

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(change, nil)
        var thread = pthread_t()
        ThreadStart { [self] in serve() }.launch(&thread)
        pthread_detach(thread)
    }

    /// Runs the function on the thread and waits for it.
    func run<Value>(_ body: @escaping () throws -> Value) throws -> Value {
        var result: Result<Value, any Error>?
        pthread_mutex_lock(mutex)
        jobs.append { result = Result { try body() } }
        pthread_cond_broadcast(change)
        while result == nil { pthread_cond_wait(change, mutex) }
        pthread_mutex_unlock(mutex)
        guard let result else { throw NotInTime(what: "a start") }
        return try result.get()
    }

    private func serve() {
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty { pthread_cond_wait(change, mutex) }
            // Under the mutex: starts are one after another, and their end is seen by who waits.
            let job = jobs.removeFirst()
            job()
            pthread_cond_broadcast(change)
            pthread_mutex_unlock(mutex)
        }
    }
}

private final class ThreadStart {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    func launch(_ thread: inout pthread_t) {
        let own = Unmanaged.passRetained(self)
        pthread_create(
            &thread,
            nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            },
            own.toOpaque()
        )
    }
}
