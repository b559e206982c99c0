package import SupervisionKit

/// What a run begins with: the configuration, how many clients there are, and how bad the world is.
package struct Scenario: Hashable, Sendable {
    package var configuration: Configuration
    package var clients: Int
    package var weather: Weather
    /// nil for a daemon without a watchdog.
    package var watchdogInterval: Duration?
    /// The run ends by a request to stop and not by better weather.
    package var endsWithStop: Bool

    package init(
        configuration: Configuration,
        clients: Int = 3,
        weather: Weather = Weather(),
        watchdogInterval: Duration? = nil,
        endsWithStop: Bool = false
    ) {
        self.configuration = configuration
        self.clients = clients
        self.weather = weather
        self.watchdogInterval = watchdogInterval
        self.endsWithStop = endsWithStop
    }

    init(using random: inout SplitMix64) {
        var configuration = Configuration()
        for group in 0..<random.number(1...4) {
            let name = Self.groupNames[group]
            configuration.groups.append(.drawn(name, using: &random))
            for kernel in 0..<random.one(of: [(6, 1), (3, 2), (1, 3)], or: 1) {
                let kernel = "\(name)/\(Self.kernelNames[kernel])"
                configuration.kernels.append(.drawn(kernel, in: name, using: &random))
            }
        }
        configuration.limits.maxCallsPerClient = random.one(of: [(1, 4), (2, 16), (2, 256)], or: 8)
        configuration.limits.maxCalls = random.one(of: [(1, 16), (2, 64), (2, 16_384)], or: 64)
        configuration.maxStarting = random.one(of: [(1, 0), (1, 1), (1, 3), (3, 16)], or: 16)
        // From a copy, so that all that is drawn later stays what a seed has always meant.
        var aside = random
        configuration.maxProbeRate = aside.one(of: [(1, 1), (3, 10)], or: 10)
        self.init(
            configuration: configuration,
            clients: random.number(1...5),
            weather: Weather(using: &random),
            watchdogInterval: random.chance(50) ? random.milliseconds(1000...10_000) : nil,
            endsWithStop: random.chance(25)
        )
    }

    static let groupNames = ["ash", "birch", "cedar", "dogwood"]
    static let kernelNames = ["one", "two", "three", "four"]
}
