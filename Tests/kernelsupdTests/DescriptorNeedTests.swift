import Testing

@testable import kernelsupd

/// A configuration that needs more open files than there can be is refused when it is read.
struct DescriptorNeedTests {
    private func errors(_ main: String, openFiles: UInt64) throws -> [String] {
        let files = try PolicyFiles(main, manifests: ["a/k": "", "b/k": ""])
        files.openFiles = openFiles
        return files.errors()
    }

    // 2 groups of 6 workers, 100 clients.
    private let main = """
        [daemon]
        max_clients = 100
        [defaults]
        replicas = 5
        standbys = 1
        """

    @Test
    func `one open file too few is refused, with all numbers and what to set`() throws {
        #expect(
            try errors(main, openFiles: 375) == [
                "kernelsupd.toml:1:1: error: this needs 376 open files, the hard limit is 375: "
                    + "7 for each of 12 workers, 100 for `max_clients` and 192 for the daemon "
                    + "itself",
                "    set LimitNOFILE=376 in the unit or `ulimit -n 376` before the start, or "
                    + "have fewer replicas, standbys, kernels or `max_clients`",
            ]
        )
    }

    @Test
    func `exactly enough is taken`() throws {
        #expect(try errors(main, openFiles: 376) == [])
    }

    @Test(arguments: [11, 12] as [UInt64])
    func `a process for each worker must be allowed`(_ processes: UInt64) throws {
        let files = try PolicyFiles(main, manifests: ["a/k": "", "b/k": ""])
        files.processes = processes
        let refused = [
            "kernelsupd.toml:1:1: error: this needs 12 processes, one for each worker, the hard "
                + "limit of this user is 11",
            "    set LimitNPROC=24 in the unit or `ulimit -u 24` before the start, or have fewer "
                + "replicas, standbys or kernels",
        ]
        #expect(files.errors() == (processes == 11 ? refused : []))
    }
}
