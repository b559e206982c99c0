internal import CLinux
internal import Glibc

/// A pipe that hangs up as soon as this process begins to die.
///
/// A process that is killed gives its memory up before its files, and the last of its threads takes
/// that memory apart: milliseconds for the libraries of a device, tens of them for the device
/// itself. Who watches a socket of the process learns of the death behind that.
///
/// Here a thread has a table of descriptors of its own, which holds nothing but the pipe's write
/// end. It sleeps until the process dies, and closes that end as it goes: its own table needs
/// nobody else, and unless it is the last to go it has no memory to take apart. Threads are woken
/// in the order in which they were made, so it should be the first that the process makes. Made
/// last it would often be the last to go.
///
/// A child has a copy of the table of the thread that forks, so none has the write end. The pipe
/// also hangs up when the process executes another program, which ends its threads.
public enum Lifeline {
    /// Above what the C library asks for, thread-local data of libraries included.
    private static let stackBytes = 64 * 1024

    /// F_SETPIPE_SZ of Linux's fcntl.h, which Swift's module for the C library leaves out.
    private static let setPipeSize: Int32 = 1031

    /// What the thread is told, and what it says.
    private struct Order {
        let writer: Int32
        var isHeld = false
        var isDone = sem_t()
    }

    /// Starts the thread, which lives until the process ends.
    ///
    /// - Returns: the pipe's read end, to be given away: nothing ever comes out of it. nil where
    ///   the system has no pipe or thread, or a filter of system calls lets no thread have a table
    ///   of its own.
    public static func start() -> FileDescriptor? {
        guard let pipe = try? Pipe.create() else { return nil }
        let reader = pipe.reader
        let writer = pipe.writer
        // Of what the pipes of a user may take together it needs nothing, and gets a page.
        _ = clinux_fcntl(writer.rawValue, setPipeSize, 1)
        let order = UnsafeMutablePointer<Order>.allocate(capacity: 1)
        order.initialize(to: Order(writer: writer.rawValue))
        defer { order.deallocate() }
        // Cannot fail for a count of 0 that no other process uses.
        sem_init(&order.pointee.isDone, 0, 0)
        guard startThread(order) else { return nil }
        while sem_wait(&order.pointee.isDone) != 0 {}
        // Here as well the write end is closed, or it would outlive the thread's.
        _ = consume writer
        guard order.pointee.isHeld else { return nil }
        return consume reader
    }

    /// Whether a descriptor can be the end of a lifeline: one that reads from a pipe.
    public static func isReadEnd(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            return false
        }
        return clinux_fcntl(descriptor, F_GETFL, 0) & O_ACCMODE == O_RDONLY
    }

    private static func startThread(_ order: UnsafeMutablePointer<Order>) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // The thread has its mask from here; no handler of the process shall run on its stack.
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            &attributes,
            { order in
                if let order { Lifeline.hold(order.assumingMemoryBound(to: Order.self)) }
                return nil
            },
            order
        )
        return result == 0
    }

    /// The thread; `order` is gone once `isDone` is posted.
    private static func hold(_ order: UnsafeMutablePointer<Order>) {
        clinux_name_thread("lifeline")
        let isHeld = closeAll(but: UInt32(bitPattern: order.pointee.writer))
        order.pointee.isHeld = isHeld
        sem_post(&order.pointee.isDone)
        while isHeld { pause() }
    }

    /// Leaves the thread with a table of its own that holds one descriptor.
    private static func closeAll(but kept: UInt32) -> Bool {
        // unshare(2) would do the first half; containers often forbid it, and this they allow.
        guard clinux_close_range(kept + 1, .max, clinux_close_range_unshare) == 0 else {
            return false
        }
        return kept == 0 || clinux_close_range(0, kept - 1, 0) == 0
    }
}
