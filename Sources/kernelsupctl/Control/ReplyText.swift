import SupervisionWire

/// The daemon's replies as people read them.
///
/// They hold words of workers, of devices and of drivers, which must not steer the reader's
/// terminal. They are cleaned where they come in, and not where they are printed: there, they can't
/// be told from this program's own colours.
enum ReplyText {
    /// A JSON document with a picture, as in the daemon's log, for each control character in its
    /// strings but tabs and ends of lines, by which texts are laid out.
    static func withControlPictures(_ json: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        var index = 0
        while index < json.count {
            let (scalar, count) = scalar(in: json[index...])
            if scalar != "\n", let picture = scalar?.controlPicture {
                result += UTF8.encode(picture).map(Array.init) ?? []
            } else {
                result += json[index..<index + count]
            }
            index += count
        }
        return result
    }

    /// The control character that starts here, as it is or escaped, and how many bytes it takes;
    /// nil for anything else, of as many bytes as belong together.
    private static func scalar(in json: ArraySlice<UInt8>) -> (Unicode.Scalar?, count: Int) {
        let next = json.dropFirst().first
        switch (json.first, next) {
        case (0x7F, _): return ("\u{7F}", 1)
        case (0xC2, let next?) where next < 0xA0: return (Unicode.Scalar(next), 2)
        case (UInt8(ascii: "\\"), UInt8(ascii: "b")): return ("\u{8}", 2)
        case (UInt8(ascii: "\\"), UInt8(ascii: "f")): return ("\u{C}", 2)
        case (UInt8(ascii: "\\"), UInt8(ascii: "r")): return ("\r", 2)
        case (UInt8(ascii: "\\"), UInt8(ascii: "u")):
            let digits = String(decoding: json.dropFirst(2).prefix(4), as: UTF8.self)
            return (UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init), min(6, json.count))
        case (UInt8(ascii: "\\"), _?): return (nil, 2)
        default: return (nil, 1)
        }
    }
}
