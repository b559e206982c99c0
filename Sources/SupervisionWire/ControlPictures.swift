extension String {
    /// The text with a picture (U+2400 to U+2421) for each control character but the tab, so that
    /// it is one line and steers no terminal; nil when there is none in it.
    package var withControlPictures: String? {
        let hasControls = utf8.contains { byte in
            // 0xC2 leads U+0080 to U+00BF, of which the first half are controls too.
            byte < 0x20 && byte != 0x09 || byte == 0x7F || byte == 0xC2
        }
        guard hasControls else { return nil }
        var result = String.UnicodeScalarView()
        var isChanged = false
        for scalar in unicodeScalars {
            let picture = scalar.controlPicture
            isChanged = isChanged || picture != nil
            result.append(picture ?? scalar)
        }
        return isChanged ? String(result) : nil
    }
}

extension Unicode.Scalar {
    /// What stands for a control character other than the tab; nil for what is none.
    package var controlPicture: Unicode.Scalar? {
        switch value {
        case 0x09: nil
        case 0..<0x20: Unicode.Scalar(0x2400 + value)
        case 0x7F: "\u{2421}"
        case 0x80..<0xA0: "\u{FFFD}"
        default: nil
        }
    }
}
