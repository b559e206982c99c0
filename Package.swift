// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let pure = strict + [.strictMemorySafety()]

let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let arguments = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "kernelsupd",
    products: [
        .library(name: "SupervisionKit", targets: ["SupervisionKit"]),
        .library(name: "Resilience", targets: ["Resilience"]),
        .library(name: "SupervisionWire", targets: ["SupervisionWire"]),
        .library(name: "WorkerKit", targets: ["WorkerKit"]),
        .library(name: "KernelClient", targets: ["KernelClient"]),
        .executable(name: "kernelsupd", targets: ["kernelsupd"]),
        .executable(name: "kernelsup-worker", targets: ["WorkerProcess"]),
        .executable(name: "kernelsup-exec", targets: ["kernelsup-exec"]),
        .executable(name: "kernelsupctl", targets: ["kernelsupctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Level 0
        .target(name: "SupervisionKit", swiftSettings: pure),
        .target(name: "CLinux"),
        .systemLibrary(
            name: "CSystemd",
            pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]
        ),
        .systemLibrary(
            name: "COpenCL",
            pkgConfig: "OpenCL",
            providers: [.apt(["ocl-icd-opencl-dev"])]
        ),

        // Level 1
        .target(
            name: "SupervisionWire",
            dependencies: ["SupervisionKit"],
            swiftSettings: pure
        ),
        .target(name: "Resilience", dependencies: ["SupervisionKit"], swiftSettings: pure),
        .target(
            name: "SupervisionRecording",
            dependencies: ["SupervisionKit"],
            swiftSettings: pure
        ),
        .target(name: "ControlProtocol", swiftSettings: strict),
        .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: strict),

        // Level 2
        .target(
            name: "KernelManifest",
            dependencies: ["SupervisionWire", toml],
            swiftSettings: strict
        ),
        .target(
            name: "WorkerKit",
            dependencies: ["SupervisionKit", "SupervisionWire", "LinuxSystem"],
            swiftSettings: strict
        ),
        .target(
            name: "KernelClient",
            dependencies: ["SupervisionKit", "SupervisionWire", "LinuxSystem"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "kernelsupd",
            dependencies: [
                "SupervisionKit", "SupervisionWire", "SupervisionRecording", "ControlProtocol",
                "LinuxSystem", "KernelManifest", "CSystemd", deque,
            ],
            // All of the daemon's state is one actor's, on one thread, and no turn begins within
            // another; the check of that at run time is left to the debug build, for it took 7 % of
            // the daemon's own time in a call.
            swiftSettings: strict + [
                .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
            ],
            // Packed relocations: a MiB less that every start reads and keeps resident.
            linkerSettings: [
                .unsafeFlags(
                    ["-use-ld=bfd", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
                    .when(configuration: .release)
                )
            ]
        ),
        .executableTarget(
            name: "kernelsup-exec",
            linkerSettings: [.unsafeFlags(["-static-executable"])]
        ),

        .target(
            name: "SupervisionSimulator",
            dependencies: ["SupervisionKit"],
            swiftSettings: pure
        ),

        // Level 3
        .executableTarget(
            name: "supsim",
            dependencies: ["SupervisionSimulator", "SupervisionRecording", "SupervisionKit"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "WorkerProcess",
            dependencies: [
                "WorkerKit", "SupervisionKit", "SupervisionWire", "LinuxSystem",
                "KernelManifest", "COpenCL",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "kernelsupctl",
            dependencies: [
                "KernelClient", "SupervisionKit", "SupervisionWire", "ControlProtocol",
                "LinuxSystem", arguments,
            ],
            swiftSettings: strict
        ),

        // Examples
        .executableTarget(
            name: "package-rank",
            dependencies: ["KernelClient"],
            path: "examples/PackageRank",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "resilience-examples",
            dependencies: ["Resilience", "SupervisionKit"],
            path: "examples/Resilience",
            swiftSettings: strict
        ),

        // Tests
        .testTarget(
            name: "LinuxSystemTests",
            dependencies: ["LinuxSystem"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SupervisionWireTests",
            dependencies: ["SupervisionWire", "SupervisionKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "KernelManifestTests",
            dependencies: ["KernelManifest", "SupervisionWire", toml],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerProcessTests",
            dependencies: [
                "WorkerProcess", "WorkerKit", "SupervisionKit", "SupervisionWire", "LinuxSystem",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ManifestKernelTests",
            dependencies: [
                "WorkerProcess", "WorkerKit", "KernelManifest", "SupervisionKit",
                "SupervisionWire", "LinuxSystem",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ControlProtocolTests",
            dependencies: ["ControlProtocol"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "KernelClientTests",
            dependencies: ["KernelClient", "SupervisionKit", "SupervisionWire", "LinuxSystem"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "kernelsupctlTests",
            dependencies: [
                "kernelsupctl", "KernelClient", "SupervisionKit", "SupervisionWire",
                "ControlProtocol", "LinuxSystem", arguments,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerKitTests",
            dependencies: [
                "WorkerKit", "FaultWorker", "SupervisionKit", "SupervisionWire", "LinuxSystem",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "FaultWorker",
            dependencies: [
                "WorkerKit", "SupervisionKit", "SupervisionWire", "LinuxSystem",
            ],
            path: "Tests/FaultWorker",
            swiftSettings: strict
        ),
        // Runs the programs that the build puts beside it; kernelsup-exec is among the products.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "kernelsupd", "kernelsupctl", "FaultWorker", "KernelClient", "SupervisionKit",
                "SupervisionWire", "SupervisionRecording", "ControlProtocol", "LinuxSystem",
                "package-rank", "supsim",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "kernelsupdTests",
            dependencies: ["kernelsupd", "LinuxSystem", "SupervisionKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SupervisionKitTests",
            dependencies: ["SupervisionKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SupervisionRecordingTests",
            dependencies: ["SupervisionRecording", "SupervisionKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ResilienceTests",
            dependencies: ["Resilience", "SupervisionKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SupervisionSimulatorTests",
            dependencies: ["SupervisionSimulator", "supsim", "SupervisionKit"],
            exclude: ["faults"],
            swiftSettings: strict
        ),
        // Boots a systemd of its own and installs the built programs into it; needs root.
        .testTarget(
            name: "SystemdTests",
            dependencies: ["kernelsupd", "kernelsupctl", "FaultWorker"],
            swiftSettings: strict
        ),
        // Reads the tree as text.
        .testTarget(
            name: "TidyTests",
            dependencies: ["kernelsupd", "SupervisionKit"],
            swiftSettings: strict
        ),
    ]
)
