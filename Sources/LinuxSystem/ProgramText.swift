internal import CLinux
internal import Glibc

/// Code and constants of the program and its libraries, as they are mapped from their files.
public enum ProgramText {
    /// Lets go of the pages that were used so far.
    ///
    /// What is needed again comes back from the page cache at its next use. A start uses a lot that
    /// nothing needs afterwards, and the kernel maps what lies around it besides. Breakpoints that
    /// a debugger has set are gone with the pages.
    public static func release() {
        clinux_each_segment { start, size, isWritable in
            // Written pages are the process's own.
            guard isWritable == 0 else { return }
            let offset = start % UInt(getpagesize())
            let pages = UnsafeMutableRawPointer(bitPattern: start - offset)
            // Fails for what the kernel has mapped itself, which costs nothing.
            madvise(pages, size + Int(offset), MADV_DONTNEED)
        }
    }
}

/// What malloc has from the system.
public enum Heap {
    /// Gives back the pages in which nothing is left.
    public static func trim() { clinux_trim_heap() }
}
