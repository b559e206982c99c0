extension RecoveryPolicy {
    /// The ladder in order: `strategy`, then `escalation`, each once.
    public var rungs: [RecoveryStrategy] {
        var rungs = [strategy]
        for rung in escalation where !rungs.contains(rung) {
            rungs.append(rung)
        }
        return rungs
    }
}
