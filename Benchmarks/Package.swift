// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "kernelsupd", path: "..")],
    targets: [
        // Counts what is allocated, by standing in front of the C library's allocator.
        .target(name: "CAllocations"),
        .executableTarget(
            name: "CoreBenchmark",
            dependencies: [
                "CAllocations", .product(name: "SupervisionKit", package: "kernelsupd"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]
        ),
        .executableTarget(
            name: "Benchmark",
            dependencies: [.product(name: "KernelClient", package: "kernelsupd")],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]
        ),
    ]
)
