internal import KernelManifest
internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// A launch with its sizes computed for one call.
struct PreparedLaunch {
    enum Argument {
        case memory(String)
        case local(Int)
        case value([UInt8])
    }

    var arguments: [Argument]
    var global: [Int]
    var local: [Int]?
    /// The sizes change from pass to pass.
    var usesIteration: Bool
}

extension ManifestRun {
    func prepare(_ index: Int) throws(KernelFailure) -> PreparedLaunch {
        let launch = program.launches[index]
        let place = "launch '\(launch.function)'"
        let arguments = try launch.arguments.map { argument throws(KernelFailure) in
            try prepare(argument, place)
        }
        let global = try launch.global.map { expression throws(KernelFailure) in
            try sizes.count(expression, what: "the global size of \(place)")
        }
        var local: [Int]?
        if let expressions = launch.local {
            local = try expressions.map { expression throws(KernelFailure) in
                try sizes.count(expression, what: "the local size of \(place)")
            }
        }
        let prepared = PreparedLaunch(
            arguments: arguments,
            global: global,
            local: local,
            usesIteration: launch.usesIteration
        )
        try check(prepared, place, limit: kernel.functions[index].maxGroupSize)
        return prepared
    }

    /// OpenCL would refuse it too, but with a code and not with the numbers.
    private func check(
        _ launch: PreparedLaunch,
        _ place: String,
        limit: Int
    ) throws(KernelFailure) {
        guard let local = launch.local, !launch.global.contains(0) else { return }
        for (axis, size) in local.enumerated() where size < 1 || launch.global[axis] % size != 0 {
            throw KernelFailure(
                .invalidArgument,
                "\(place) of \(call.kernel): the global size \(launch.global[axis]) in dimension "
                    + "\(axis) is no multiple of the local size \(size)"
            )
        }
        let items = local.reduce(Int64(1)) { $0.multipliedClamped(by: Int64($1)) }
        guard items <= Int64(limit) else {
            throw KernelFailure(
                .deviceFailed,
                "\(place) of \(call.kernel) wants work-groups of \(items) items, "
                    + "\(device.info.name) takes \(limit)",
                execution: .notRun
            )
        }
    }

    private func prepare(
        _ argument: KernelManifest.Launch.Argument,
        _ place: String
    ) throws(KernelFailure) -> PreparedLaunch.Argument {
        switch argument {
        case .memory(let name):
            return .memory(name)
        case .scalar(let name):
            return .value(call.input(name).map { Array($0.bytes) } ?? [])
        case .number(let bytes):
            return .value(bytes)
        case .local(let name):
            guard let local = program.locals.first(where: { $0.name == name }) else {
                return .local(0)
            }
            return .local(try sizes.form(local.shape, of: local.type, name: name).byteCount)
        case .size(let expression, let type):
            let value = try sizes.evaluate(expression, what: "an argument of \(place)")
            guard let bytes = LaunchBytes.integer(value, as: type) else {
                throw unfit(expression, value, place, type.name)
            }
            return .value(bytes)
        case .plainSize(let expression):
            let value = try sizes.evaluate(expression, what: "an argument of \(place)")
            guard (0...Int64(Int32.max)).contains(value) else {
                throw unfit(expression, value, place, "number from 0 to 2147483647")
            }
            return .value(LaunchBytes.integer(value, as: .i32) ?? [])
        }
    }

    private func unfit(
        _ expression: SizeExpression,
        _ value: Int64,
        _ place: String,
        _ wanted: String
    ) -> KernelFailure {
        KernelFailure(
            .invalidArgument,
            "\(place) of \(call.kernel): '\(expression)' is \(value), no \(wanted)"
        )
    }
}

extension KernelManifest.Launch {
    /// Whether anything of it changes from pass to pass.
    var usesIteration: Bool {
        let expressions =
            global + (local ?? [])
            + arguments.compactMap { argument -> SizeExpression? in
                switch argument {
                case .size(let expression, _), .plainSize(let expression): expression
                case .scalar, .memory, .local, .number: nil
                }
            }
        return expressions.contains {
            $0.names.contains(KernelManifest.ReservedSize.iteration)
        }
    }
}

/// Numbers as the bytes of a kernel's parameter.
enum LaunchBytes {
    /// Little-endian; nil when the type has no such number or is no integer type.
    static func integer(_ value: Int64, as type: ElementType) -> [UInt8]? {
        let fits =
            switch type {
            case .u8: UInt8(exactly: value) != nil
            case .i8: Int8(exactly: value) != nil
            case .u16: UInt16(exactly: value) != nil
            case .i16: Int16(exactly: value) != nil
            case .u32: UInt32(exactly: value) != nil
            case .i32: Int32(exactly: value) != nil
            case .u64: value >= 0
            case .i64: true
            case .f16, .f32, .f64, .bytes: false
            }
        guard fits else { return nil }
        return (0..<type.size).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }
}
