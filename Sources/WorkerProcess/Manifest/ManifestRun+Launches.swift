internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// The launches of a call: once before the repeated block, the block, once after it.
extension ManifestRun {
    func launchAll() throws {
        let launches = program.launches
        let first = launches.firstIndex(where: \.isRepeated) ?? launches.count
        let end = (launches.lastIndex(where: \.isRepeated) ?? first - 1) + 1
        for index in 0..<first {
            try launchOnce(index)
        }
        if let repetition = program.repetition {
            try repeatLaunches(first..<end, repetition)
        }
        for index in end..<launches.count {
            try launchOnce(index)
        }
        // The last launches end in `deliver`, which waits for them.
    }

    private func launchOnce(_ index: Int) throws {
        let prepared = try prepare(index)
        try setArguments(prepared, of: index)
        try enqueue(prepared, of: index)
    }

    private func repeatLaunches(
        _ block: Range<Int>,
        _ repetition: KernelManifest.Repetition
    ) throws {
        switch repetition.condition {
        case .count(let expression):
            let count = try sizes.count(expression, what: "the count of [repeat]")
            try runPasses(block, repetition, limit: count) { false }
        case .flag(let flag):
            let limit = try sizes.count(flag.limit, what: "max_count of [repeat]")
            try runPasses(block, repetition, limit: limit, flag: flag) {
                try self.read(flag) != flag.continuesWhileSet
            }
        }
    }

    /// Runs the block until `isDone` after a pass, or `limit` times.
    private func runPasses(
        _ block: Range<Int>,
        _ repetition: KernelManifest.Repetition,
        limit: Int,
        flag: KernelManifest.Repetition.Flag? = nil,
        isDone: () throws -> Bool
    ) throws {
        var prepared: [PreparedLaunch] = []
        while passes < limit {
            sizes.set(KernelManifest.ReservedSize.iteration, to: passes)
            let isChecked = flag.map { (passes + 1) % $0.checkEvery == 0 || passes + 1 == limit }
            if let flag, isChecked == true { try clear(flag) }
            for (offset, index) in block.enumerated() {
                if passes == 0 {
                    prepared.append(try prepare(index))
                    try setArguments(prepared[offset], of: index)
                } else if prepared[offset].usesIteration {
                    prepared[offset] = try prepare(index)
                    try setArguments(prepared[offset], of: index)
                } else if !repetition.swaps.isEmpty {
                    try setMemory(prepared[offset], of: index)
                }
                try enqueue(prepared[offset], of: index)
            }
            passes += 1
            for swap in repetition.swaps {
                let first = memory[swap.first]
                memory[swap.first] = memory[swap.second]
                memory[swap.second] = first
            }
            if isChecked == true, try isDone() { return }
        }
        if let flag, flag.failsAtLimit {
            throw KernelFailure(
                .kernelFailed,
                "\(call.kernel) did not end within \(limit) passes: '\(flag.buffer)' was "
                    + "\(flag.continuesWhileSet ? "still" : "never") set"
            )
        }
    }

    // MARK: Flag

    private func clear(_ flag: KernelManifest.Repetition.Flag) throws {
        guard let buffer = memory[flag.buffer]?.buffer.byteCount else { return }
        try fillZeros(flag.buffer, byteCount: buffer)
    }

    private func fillZeros(_ name: String, byteCount: Int) throws {
        guard let target = memory[name] else { return }
        try device.queue.fill(target.buffer, with: UInt8(0), byteCount: byteCount)
    }

    /// Waits for the pass and tells whether the flag is set.
    private func read(_ flag: KernelManifest.Repetition.Flag) throws -> Bool {
        guard let source = memory[flag.buffer] else { return false }
        var value: UInt64 = 0
        try withUnsafeMutableBytes(of: &value) { bytes in
            let target = UnsafeMutableRawBufferPointer(
                rebasing: bytes[..<min(bytes.count, source.buffer.byteCount)]
            )
            try device.queue.read(source.buffer, into: target)
        }
        call.advance(pacer.waited())
        return value != 0
    }

    // MARK: One launch

    private func setArguments(_ launch: PreparedLaunch, of index: Int) throws {
        let kernel = self.kernel.functions[index]
        for (position, argument) in launch.arguments.enumerated() {
            switch argument {
            case .memory(let name):
                guard let memory = memory[name] else { continue }
                try kernel.kernel.setArgument(position, to: memory.buffer)
            case .local(let byteCount):
                try kernel.kernel.setArgument(position, toLocalBytes: byteCount)
            case .value(let bytes):
                try bytes.withUnsafeBytes {
                    try kernel.kernel.setArgument(position, toBytes: $0)
                }
            }
        }
    }

    /// After a swap only what lies behind the names has changed.
    private func setMemory(_ launch: PreparedLaunch, of index: Int) throws {
        for (position, argument) in launch.arguments.enumerated() {
            guard case .memory(let name) = argument, let memory = memory[name] else { continue }
            try kernel.functions[index].kernel.setArgument(position, to: memory.buffer)
        }
    }

    private func enqueue(_ launch: PreparedLaunch, of index: Int) throws {
        try call.checkCancellation()
        try device.queue.launch(
            kernel.functions[index].kernel,
            global: launch.global,
            local: launch.local
        )
        if pacer.launched() {
            try device.queue.finish()
            call.advance(pacer.waited())
        }
    }
}
