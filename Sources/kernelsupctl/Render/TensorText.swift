import KernelClient
import SupervisionWire

/// A tensor as text that reads back as a value: `x = [1.0, 2.0]`.
///
/// Large ones are abridged with `…`.
struct TensorText {
    /// Elements up to which a tensor is printed in full.
    static let maxElements = 64
    /// Elements or rows at each end of what is abridged.
    static let edge = 3

    let tensor: Tensor
    var width = 80

    /// Ends with a newline.
    var text: String {
        let name = tensor.name.withControlPictures ?? tensor.name
        guard tensor.type != .bytes else {
            return "\(name) bytes[\(tensor.byteCount)]  (the content: --out \(name)=FILE)\n"
        }
        let values = tensor.withBytes { bytes in
            tensor.shape.isEmpty
                ? elementText(tensor.type, bytes, at: 0) : rows(bytes).joined(separator: "\n")
        }
        let type = tensor.type.name
        guard !tensor.shape.isEmpty else { return "\(name) = \(values)\n" }
        let head = "\(name) \(type)\(tensor.shape)"
        let isShort = !values.contains("\n") && head.count + 3 + values.count <= width
        var text = isShort ? "\(head) = \(values)\n" : "\(head) =\n\(values)\n"
        if isAbridged {
            text += "  abridged, \(tensor.count) elements; the whole: --out \(name)=FILE.npy\n"
        }
        return text
    }

    private var isAbridged: Bool { tensor.count > TensorText.maxElements }

    private func rows(_ bytes: UnsafeRawBufferPointer) -> [String] {
        guard tensor.count > 0 else { return ["[]"] }
        return rows(bytes, axis: 0, from: 0, stride: tensor.count)
    }

    /// The lines of the part that starts at element `from` and has `stride` elements.
    private func rows(
        _ bytes: UnsafeRawBufferPointer,
        axis: Int,
        from: Int,
        stride: Int
    ) -> [String] {
        let size = tensor.shape[axis]
        let inner = stride / size
        var places: [Int?] = (0..<size).map { $0 }
        if isAbridged, size > 2 * TensorText.edge {
            let last = size - TensorText.edge
            places = (0..<TensorText.edge).map { $0 } + [nil] + (last..<size).map { $0 }
        }
        if axis + 1 == tensor.shape.count {
            let items = places.map { place in
                place.map { elementText(tensor.type, bytes, at: (from + $0) * tensor.type.size) }
                    ?? "…"
            }
            let lines = wrapped(items.joined(separator: ", "), width: max(20, width - axis - 4))
            let indent = String(repeating: " ", count: 1)
            return lines.enumerated().map { index, line in
                (index == 0 ? "[" : indent) + line + (index + 1 == lines.count ? "]" : "")
            }
        }
        var lines: [String] = []
        for (index, place) in places.enumerated() {
            let comma = index + 1 == places.count ? "" : ","
            guard let place else {
                lines.append("…,")
                continue
            }
            var part = rows(bytes, axis: axis + 1, from: from + place * inner, stride: inner)
            part[part.count - 1] += comma
            lines += part
        }
        return lines.enumerated().map { index, line in
            (index == 0 ? "[" : " ") + line + (index + 1 == lines.count ? "]" : "")
        }
    }
}
