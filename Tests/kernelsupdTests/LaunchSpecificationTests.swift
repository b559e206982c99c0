import Testing

@testable import kernelsupd

struct LaunchSpecificationTests {
    @Test func `the daemon's own variables stand once, whatever else is said of them`() {
        let launch = LaunchSpecification(
            executable: "/bin/true",
            arguments: [],
            environment: ["MARK=evil", "MARKET=open", "LANG=C", "MARK=worse"],
            process: ProcessSettings(),
            contentHash: 0
        )
        #expect(
            launch.environment(with: [("CHANNEL", "3"), ("MARK", "a/b/0/1")])
                == ["MARKET=open", "LANG=C", "CHANNEL=3", "MARK=a/b/0/1"]
        )
    }
}
