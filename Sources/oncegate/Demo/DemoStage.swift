import Foundation
import GatewayConfiguration
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Everything the demo runs: a gateway with an embedded Redis, and three toy services, for as long as a body lasts.
struct DemoStage: Sendable {
    let configuration: GatewayConfiguration
    let services: [ToyService]
    /// Where the gateway takes events.
    let url: String

    /// How long the gateway may take to open.
    static let openTime = Duration.seconds(10)

    /// Sets the stage, runs the body, and clears everything away, whatever happens.
    static func with<Result: Sendable>(
        failures: Int, _ body: @escaping @Sendable (DemoStage) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oncegate-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in the temporary folder: best effort
        let group = MultiThreadedEventLoopGroup.singleton
        let services = ["email", "crm", "analytics"].map { name in
            ToyService(name: name, failures: name == "crm" ? failures : 0)
        }
        var ports: [String: Int] = [:]
        for service in services { ports[service.name] = try await service.open(on: group).localAddress?.port }
        let loaded = try GatewayConfiguration.load(
            yaml: DemoStory.configuration(dataDirectory: folder.path(percentEncoded: false), ports: ports),
            file: "demo.yaml", environment: [:], readFile: { _ in "" }
        ).get()
        return try await run(loaded.configuration, services: services, body)
    }

    private static func run<Result: Sendable>(
        _ configuration: GatewayConfiguration, services: [ToyService],
        _ body: @escaping @Sendable (DemoStage) async throws -> Result
    ) async throws -> Result {
        let (opened, open) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "demo") { _ in SwiftLogNoOpLogHandler() }
        let gateway = try Gateway(
            configuration: configuration, logger: logger, listening: .init(frontDoor: { open.yield($0) }))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: gateway.services, gracefulShutdownSignals: [.sigint, .sigterm], logger: logger))
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                defer { open.finish() }
                try await group.run()
                return nil
            }
            guard let port = await opened.first(where: { _ in true }) else {
                _ = try await tasks.next()  // throws what kept the gateway from opening
                throw CommandError("the gateway stopped before it opened")
            }
            let stage = DemoStage(
                configuration: configuration, services: services, url: "http://127.0.0.1:\(port)/webhooks/clerk")
            tasks.addTask {
                let result: Result
                do {
                    result = try await body(stage)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
                return result
            }
            var result: Result?
            for try await value in tasks where value != nil { result = value }
            guard let result else { throw CommandError("interrupted") }
            return result
        }
    }

    /// Waits until every routed service has answered every event with 200.
    /// - Returns: whether that came about in time.
    func waitForDeliveries(of events: [String: Set<String>], within patience: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { tasks in
            for service in services {
                let ids = events[service.name, default: []]
                tasks.addTask { await service.waitUntilDelivered(ids) }
            }
            tasks.addTask {
                try? await Task.sleep(for: patience)  // the deadline; ends early when everything is there
                return false
            }
            for _ in services {
                guard await tasks.next() == true else {
                    tasks.cancelAll()
                    return false
                }
            }
            tasks.cancelAll()
            return true
        }
    }
}
