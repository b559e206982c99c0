internal import SupervisionWire
internal import WorkerKit

/// All kernels that are compiled into the worker.
enum BuiltinCatalog {
    static var all: [any BuiltinKernel.Type] {
        [
            Echo.self, MatrixMultiply.self, ReduceSum.self, VectorAdd.self,
            PageRank.self, KMeansCluster.self, MonteCarloValueAtRisk.self,
        ]
    }

    static func kernel(named name: String) -> (any BuiltinKernel.Type)? {
        all.first { $0.declaration.name == name }
    }

    /// " (did you mean …?)" or the list of what there is.
    static func hint(for name: String) -> String {
        let names = all.map { $0.declaration.name }.sorted()
        guard let near = nearest(name, among: names) else {
            return "; there is: \(names.joined(separator: ", "))"
        }
        return "; did you mean '\(near)'?"
    }

    /// A kernel's signature for people, one argument a line.
    static func text(of signature: KernelSignature) -> String {
        var lines = ["\(signature.name)  \(signature.summary)"]
        for argument in signature.arguments {
            let shape = argument.shape.isEmpty ? "" : "[\(argument.shape.joined(separator: ", "))]"
            let direction = argument.direction == .input ? "in " : "out"
            var line = "  \(direction)  \(argument.name): \(argument.type.name)\(shape)"
            if let value = argument.defaultValue { line += " = \(value)" }
            if !argument.range.isEmpty { line += "  in \(argument.range)" }
            if !argument.documentation.isEmpty { line += "  \(argument.documentation)" }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
