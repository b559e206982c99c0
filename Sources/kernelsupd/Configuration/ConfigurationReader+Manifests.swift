internal import Glibc
internal import KernelManifest
internal import LinuxSystem
internal import SupervisionKit

/// kernels.d: one manifest a kernel.
extension ConfigurationReader {
    mutating func readManifests() throws(ConfigurationErrors) {
        let directory = settings.kernelsDirectory
        let names: [String]
        do {
            names = try FileReading.manifests(in: directory)
        } catch {
            // A daemon without manifests is of no use, but it isn't broken: it says so in `health`.
            if error.errno == ENOENT { return }
            throw ConfigurationErrors([
                Diagnostic(path: directory, span: .start, message: "\(error)")
            ])
        }
        if names.count > Self.maxKernels {
            diagnostics.add(
                Diagnostic(
                    path: directory,
                    span: .start,
                    message: "\(names.count) manifests, at most \(Self.maxKernels)"
                )
            )
        }
        for name in names.prefix(Self.maxKernels) {
            do {
                try readManifest(directory + "/" + name)
            } catch {
                diagnostics.add(error)
            }
        }
    }

    private mutating func readManifest(_ path: String) throws(ConfigurationErrors) {
        let document = try document(path)
        let reader = document.reader(collecting: diagnostics)
        let before = diagnostics.count
        let manifest = ManifestReader.read(
            reader,
            directory: FileReading.directory(of: path)
        )
        let group = reader.string("group", atMost: 128)
        var policies = group.flatMap { groups[$0]?.shared } ?? defaults
        if let group {
            policies = policies.reading(reader, [.kernel])
            joinGroup(group, reader)
        } else {
            policies = policies.reading(reader, [.kernel, .group])
        }
        reader.finish()
        guard let manifest, diagnostics.count == before else { return }
        if let kernel = reader.table("kernel") { checkProgram(of: manifest, kernel) }
        if group == nil {
            groups[manifest.name] = GroupEntry(shared: policies, isShared: false)
        }
        kernels.append(
            KernelEntry(
                manifest: manifest,
                group: group ?? manifest.name,
                groupOrigin: group == nil ? .builtIn : .file(place: reader.place(of: "group")),
                shared: policies,
                path: FileReading.realPath(path) ?? path,
                contentHash: contentHash(of: manifest, document),
                span: reader.span,
                file: document.file
            )
        )
    }

    /// A program may come later, and be gone later: nothing else is kept from being served.
    private func checkProgram(of manifest: KernelManifest, _ kernel: TableReader) {
        guard let problem = FileReading.problem(ofCommand: manifest.command) else { return }
        let reason = HealthReason.workerUnusable
        var warning = Diagnostic(
            in: kernel.file,
            at: kernel.span(of: "command"),
            "`command` \(problem)",
            note: "as long as that is so, calls of '\(manifest.name)' are refused (\(reason.id) "
                + "\(reason.rawValue)); other kernels are served"
        )
        warning.isWarning = true
        warnings.add(warning)
    }

    /// What belongs to the group can't be set by one of its kernels.
    private func joinGroup(_ group: String, _ reader: TableReader) {
        if groups[group]?.isShared != true {
            let known = groups.filter(\.value.isShared).keys.sorted()
            reader.error(
                at: reader.span(of: "group"),
                "there is no [groups.\(group)] in \(path)",
                note: known.isEmpty ? nil : "groups: \(known.joined(separator: ", "))"
            )
        }
        for key in Policies.groupKeys where reader.has(key) {
            _ = reader.node(key)
            reader.error(
                at: reader.span(of: key),
                "`\(key)` belongs to the workers that the group shares",
                note: "set it under [groups.\(group)] in \(path)"
            )
        }
    }

    /// What only shows when all manifests are known.
    func checkNames() {
        var seen: [String: String] = [:]
        for kernel in kernels {
            let name = kernel.manifest.name
            if let other = seen[name] {
                diagnostics.add(
                    Diagnostic(
                        in: kernel.file,
                        at: kernel.span,
                        "kernel '\(name)' is described by \(other) already"
                    )
                )
            }
            seen[name] = kernel.file.path
        }
        checkCommands()
        checkSlotNames()
        checkStandIns()
    }

    /// Slots are called after their group, `GROUP/0`: what else has such a name could hide one.
    private func checkSlotNames() {
        let groups = Set(kernels.map(\.group))
        func group(ofSlot name: String) -> String? {
            guard let slash = name.lastIndex(of: "/"),
                let number = UInt(name[name.index(after: slash)...]),
                "\(number)" == name[name.index(after: slash)...]
            else { return nil }
            return groups.contains(String(name[..<slash])) ? String(name[..<slash]) : nil
        }
        for kernel in kernels {
            for (what, name) in [("kernel", kernel.manifest.name), ("group", kernel.group)] {
                guard what == "kernel" || name != kernel.manifest.name,
                    let group = group(ofSlot: name)
                else { continue }
                let message = "\(what) '\(name)' has the name of a slot of group '\(group)'"
                diagnostics.add(Diagnostic(in: kernel.file, at: kernel.span, message))
            }
        }
    }

    /// Kernels of one group are served by one program: the stock worker or one command.
    private func checkCommands() {
        var commands: [String: [String]] = [:]
        for kernel in kernels {
            let command = kernel.manifest.command
            if let other = commands[kernel.group], other != command {
                diagnostics.add(
                    Diagnostic(
                        in: kernel.file,
                        at: kernel.span,
                        "the kernels of group '\(kernel.group)' are served by different programs"
                    )
                )
            }
            commands[kernel.group] = command
        }
    }

    private func contentHash(of manifest: KernelManifest, _ document: TOMLDocument) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for path in [document.file.path] + manifest.sourcePaths {
            // A source that can't be read is the worker's to report, with its name.
            let bytes = (try? FileReading.bytes(of: path, atMost: 16 << 20)) ?? []
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        return hash
    }
}
