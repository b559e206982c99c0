extension Duration {
    /// For people: "250 ms", "18 s", "5 min", "3 h", "2 d"; two significant parts at most.
    public var inWords: String {
        let nanoseconds = max(0, saturatedNanoseconds)
        let milliseconds = nanoseconds / 1_000_000
        let seconds = milliseconds / 1000
        switch seconds {
        case 0 where nanoseconds > 0 && milliseconds == 0: return "\(nanoseconds / 1000) µs"
        case 0: return "\(milliseconds) ms"
        case 1..<10: return "\(seconds).\(milliseconds % 1000 / 100) s"
        case 10..<120: return "\(seconds) s"
        case 120..<7200: return "\(seconds / 60) min"
        case 7200..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86400) d"
        }
    }
}
