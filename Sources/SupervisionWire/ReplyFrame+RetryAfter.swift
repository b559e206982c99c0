extension ReplyFrame {
    /// When the sender of a whole reply frame, its header checked, wants to be asked again.
    ///
    /// Zero for whenever.
    public static func retryAfter(of bytes: Span<UInt8>) -> Duration {
        .nanoseconds(Int64(clamping: bytes.u64(at: 40)))
    }
}
