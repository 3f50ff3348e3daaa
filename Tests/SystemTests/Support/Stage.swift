import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Everything one test runs on: a folder, processes and services, all of which end with the test.
final class Stage: Sendable {
    private struct Props {
        var processes: [ChildProcess] = []
        var servers: [PrivateRedis] = []
        var gateways: [GatewayProcess] = []
        var services: [RecordingService] = []
    }

    /// How much of a gateway's log a failed test shows, in characters: all of it, but for a test under load.
    private static let shownLog = 200_000

    let folder: String
    private let props = Mutex(Props())

    private init() throws {
        var template = Array("/tmp/oncegate-system-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallFailed(call: "mkdtemp", code: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Runs a test on a stage of its own and clears it away, whatever happens.
    static func with(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (Stage) async throws -> Void
    ) async throws {
        try await withPlace {
            let stage = try Stage()
            do {
                try await body(stage)
            } catch {
                for gateway in stage.props.withLock({ $0.gateways }) {
                    let log = gateway.process.errors.suffix(Self.shownLog)
                    Issue.record("log of the gateway:\n\(log)", sourceLocation: sourceLocation)
                }
                await stage.clear()
                throw error
            }
            await stage.clear()
        }
    }

    private func clear() async {
        let props = props.withLock { $0 }
        for gateway in props.gateways { gateway.process.kill() }
        for process in props.processes { process.kill() }
        for server in props.servers { server.kill() }
        for service in props.services { await service.close() }
        // The redis-server that a gateway runs itself outlives a gateway that is killed.
        if props.servers.isEmpty {
            for pid in Processes.using(folder) { kill(pid, SIGKILL) }
        }
        try? FileManager.default.removeItem(atPath: folder)  // a folder in the temporary folder: best effort
    }

    /// A redis-server, running.
    func redis(_ arguments: String...) async throws -> PrivateRedis {
        let server = unstartedRedis(arguments)
        try await server.start()
        return server
    }

    /// A redis-server that is not there yet.
    func unstartedRedis(_ arguments: [String] = []) -> PrivateRedis {
        let server = PrivateRedis(folder: folder, arguments: arguments)
        props.withLock { $0.servers.append(server) }
        return server
    }

    /// A service that is open.
    func service(_ answers: RecordingService.Answer...) async throws -> RecordingService {
        let service = try closedService(answers)
        try await service.open()
        return service
    }

    /// A service that refuses connections until it is opened.
    func closedService(_ answers: [RecordingService.Answer] = []) throws -> RecordingService {
        let service = try RecordingService(answers: answers.isEmpty ? [.status(200)] : answers)
        props.withLock { $0.services.append(service) }
        return service
    }

    /// A gateway, its listeners open.
    func gateway(_ setup: Setup, environment: [String: String] = [:]) async throws -> GatewayProcess {
        let gateway = try startGateway(setup, environment: environment)
        try await gateway.waitUntilOpen()
        return gateway
    }

    /// A gateway on a configuration in words of its own, its listeners open.
    func gateway(yaml: String, environment: [String: String] = [:]) async throws -> GatewayProcess {
        let gateway = try startGateway(yaml: yaml, environment: environment)
        try await gateway.waitUntilOpen()
        return gateway
    }

    /// A gateway that has been started, no more.
    func startGateway(_ setup: Setup, environment: [String: String] = [:]) throws -> GatewayProcess {
        try startGateway(yaml: yaml(setup), environment: environment)
    }

    /// The configuration of a gateway on this stage.
    func yaml(_ setup: Setup) -> String {
        setup.yaml(dataDirectory: folder + "/data")
    }

    /// A gateway on a configuration in words of its own that has been started, no more.
    func startGateway(yaml: String, environment: [String: String] = [:]) throws -> GatewayProcess {
        let name = "gateway-\(props.withLock { $0.gateways.count })"
        let gateway = try GatewayProcess(configuration: yaml, folder: folder, name: name, environment: environment)
        props.withLock { $0.gateways.append(gateway) }
        return gateway
    }

    /// Writes a file into the stage's folder.
    /// - Returns: its path.
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Runs the program to its end.
    func run(
        _ arguments: String..., environment: [String: String] = [:], input: String = "",
        within limit: Duration = .seconds(15)
    ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        try await run(arguments, environment: environment, input: input, within: limit)
    }

    /// Runs the program to its end.
    func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = "",
        within limit: Duration = .seconds(15)
    ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        let name = "run-\(UInt64.random(in: 0 ... .max))"
        let process = try ChildProcess(
            [Program.path] + arguments, environment: environment, directory: folder,
            input: try file(name + ".in", input), files: "\(folder)/\(name)")
        props.withLock { $0.processes.append(process) }
        let exit = try await process.waitUntilEnded(within: limit)
        return (exit, process.output, process.errors)
    }
}
