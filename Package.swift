// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors where CI asks for it, not for users whose compiler may know new ones.
let warnings: [SwiftSetting] =
    Context.environment["ONCEGATE_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

// Fuzzing is no part of any other build: Tests/Fuzz/run.sh switches it on by saying where libFuzzer is. What is watched
// is the package's own code. The frontend alone is told of the fuzzer: the driver would link libFuzzer's own `main`.
let libFuzzer = Context.environment["ONCEGATE_LIBFUZZER"]
let settings =
    libFuzzer == nil ? warnings : warnings + [.unsafeFlags(["-O", "-Xfrontend", "-sanitize=address,fuzzer"])]

let package = Package(
    name: "oncegate",
    products: [
        .executable(name: "oncegate", targets: ["oncegate"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CHiredis"),
        .systemLibrary(name: "COpenSSL"),
        .target(name: "Curl", dependencies: ["CCurl"], swiftSettings: settings),
        .target(
            name: "Redis",
            dependencies: [
                "CHiredis",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings),
        .target(name: "Webhooks", dependencies: ["COpenSSL"], swiftSettings: settings),
        .target(
            name: "Telemetry",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "GatewayConfiguration",
            dependencies: ["Webhooks", .product(name: "Yams", package: "Yams")],
            resources: [.embedInCode("Resources/starter.yaml")],
            swiftSettings: settings),
        .target(
            name: "EventLedger",
            dependencies: [
                "GatewayConfiguration", "Redis", "Webhooks", .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.embedInCode("Scripts")],
            swiftSettings: settings),
        .target(
            name: "FrontDoor",
            dependencies: [
                "EventLedger", "GatewayConfiguration", "Telemetry", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "Delivery",
            dependencies: [
                "Curl", "EventLedger", "GatewayConfiguration", "Telemetry", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "Admin",
            dependencies: [
                "EventLedger", "GatewayConfiguration", "Redis", "Telemetry", "Webhooks",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "oncegate",
            dependencies: [
                "Admin", "Curl", "Delivery", "EventLedger", "FrontDoor", "GatewayConfiguration", "Redis", "Telemetry",
                "Webhooks",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: settings),
        // What the tests of several targets share; no part of the program.
        .target(
            name: "TestSupport",
            dependencies: [
                "EventLedger", "Redis", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "EventLedgerTests",
            dependencies: [
                "EventLedger", "Redis", "TestSupport", "Webhooks",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FrontDoorTests",
            dependencies: [
                "EventLedger", "FrontDoor", "GatewayConfiguration", "Redis", "Telemetry", "TestSupport", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Curl", "Delivery", "EventLedger", "FrontDoor", "GatewayConfiguration", "Redis", "Telemetry",
                "TestSupport", "Webhooks",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AdminTests",
            dependencies: [
                "Admin", "EventLedger", "FrontDoor", "GatewayConfiguration", "Redis", "TestSupport", "Webhooks",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WebhooksTests", dependencies: ["Webhooks"], resources: [.copy("Resources")], swiftSettings: settings),
        .testTarget(
            name: "GatewayConfigurationTests", dependencies: ["GatewayConfiguration", "Webhooks"],
            resources: [.copy("Resources")], swiftSettings: settings),
        .testTarget(name: "CurlTests", dependencies: ["Curl"], swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", .product(name: "Logging", package: "swift-log")], swiftSettings: settings),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "FrontDoor", "TestSupport", "Webhooks", "oncegate",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            resources: [.copy("Resources")],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

if let libFuzzer {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CLibFuzzer", "EventLedger", "FrontDoor", "GatewayConfiguration", "Redis", "Telemetry", "Webhooks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz/Sources",
            swiftSettings: warnings + [.unsafeFlags(["-O"])],
            linkerSettings: [
                .unsafeFlags(["-sanitize=address", "-Xlinker", libFuzzer]), .linkedLibrary("stdc++"),
            ]),
    ]
}
