import ArgumentParser
import Foundation
import GatewayConfiguration
import Logging
import NIOCore
import Redis
import Webhooks

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a signed load on a gateway and count what arrives.",
        discussion: "Starts a gateway of its own, with an embedded Redis unless --redis names one, and destinations "
            + "that count. With --url the load goes to a gateway that runs already; what it delivers is counted if its "
            + "destinations are http://127.0.0.1:SINK-PORT/events/0, /events/1, … The exit code is 1 if anything was "
            + "not accepted, is lost or came twice.")

    @Option(help: "How many distinct events to send.")
    var events = 20_000

    @Option(help: "How many requests to have in flight, each on a connection of its own.")
    var connections = 64

    @Option(help: "How many requests to send a second (default: as fast as they are answered).")
    var rate: Double?

    @Option(help: "The share of requests that repeat an event, in percent: 0, or 1 to 50.")
    var duplicates = 0

    @Option(help: "How many destinations each event goes to; 0 for the front door alone.")
    var destinations = 1

    @Option(help: "How many requests a destination may have in flight.")
    var concurrency = 64

    @Option(help: "The share of attempts that destinations answer with 503, in percent.")
    var failures = 0.0

    @Option(help: "How long destinations take to answer, as in 20ms.")
    var delay = "0s"

    @Option(help: "Send the sample of this type only (default: samples of all types in turn).")
    var type: String?

    @Option(help: "Send the body in this file, byte for byte.")
    var file: String?

    @Option(
        help: ArgumentHelp(
            "A Redis to use instead of an embedded one, or with --url that of the gateway, for its CPU time: a URL, or "
                + "${NAME} for the variable NAME, so that a password is in no process list."))
    var redis: String?

    @Option(help: "The front door of a gateway that runs already: http://127.0.0.1:8080/webhooks/clerk")
    var url: String?

    @Option(help: "The signing secret of that gateway, whsec_…, or ${NAME} for the variable NAME.")
    var secret: String?

    @Option(help: "The port of the destinations, with --url (default: deliveries are not counted).")
    var sinkPort: Int?

    @Option(help: "The process id of that gateway, to measure its CPU time.")
    var pid: Int32?

    @Flag(help: "Print the figures as one JSON document.")
    var json = false

    func validate() throws {
        guard (1...10_000_000).contains(events) else { throw ValidationError("--events is 1 to 10,000,000") }
        guard (1...10_000).contains(connections) else { throw ValidationError("--connections is 1 to 10,000") }
        guard (0...64).contains(destinations) else { throw ValidationError("--destinations is 0 to 64") }
        guard (0...50).contains(duplicates) else { throw ValidationError("--duplicates is 0 to 50") }
        guard (0...99).contains(failures) else { throw ValidationError("--failures is 0 to 99") }
        guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 1024") }
        if let rate, rate <= 0 { throw ValidationError("--rate is above 0") }
        guard DurationText.parse(delay) != nil else { throw ValidationError("--delay is a duration such as 20ms") }
        guard (url == nil) == (secret == nil) else { throw ValidationError("--url and --secret go together") }
        if type != nil, file != nil { throw ValidationError("--type and --file exclude each other") }
        if let type, Sample.of(type) == nil { throw ValidationError("no sample of type \(type)") }
    }

    func run() async throws {
        let plan = try plan()
        let run = try await BenchRun.prepare(plan)
        let report = try await withProgress(of: run) {
            if let url, let secret { return try await measure(run, at: url, secret: secret) }
            return try await measureOwnGateway(run)
        }
        print(json ? try report.json : report.description)
        guard report.isRight else { throw ExitCode.failure }
    }

    private func plan() throws -> BenchPlan {
        var bodies = Sample.all.map(\.body)
        if let type, let sample = Sample.of(type) { bodies = [sample.body] }
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw CommandError("cannot read \(file)")
            }
            bodies = [Array(data)]
        }
        return BenchPlan(
            events: events, duplicateEvery: duplicates > 0 ? (100 - duplicates) / duplicates : 0,
            connections: min(connections, events), rate: rate, bodies: bodies, destinations: destinations,
            failures: failures / 100, delay: DurationText.parse(delay) ?? .zero,
            run: String(UInt64.random(in: 0 ... .max), radix: 36))
    }

    /// Runs the load on a gateway that runs already.
    private func measure(_ run: BenchRun, at url: String, secret: String) async throws -> BenchReport {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host else {
            throw CommandError("--url is an address such as http://127.0.0.1:8080/webhooks/clerk")
        }
        let key = try SecretOption.key(secret)
        let sink = try await sinkPort.asyncMap { try await run.openDestinations(port: $0) }
        let target = BenchTarget(
            host: host, port: parts.port ?? 80, path: parts.path, key: key, gateway: pid,
            redis: try givenRedis())
        let report = try await run.measure(target, countsDeliveries: sink != nil)
        try await sink?.close().get()
        return report
    }

    /// Runs the load on a gateway of its own, which is gone afterwards.
    private func measureOwnGateway(_ run: BenchRun) async throws -> BenchReport {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oncegate-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder in the temporary folder: best effort
        let path = folder.path(percentEncoded: false)
        // Each on a port of its own, as services are: a client has connections apart for each.
        var sinks: [any Channel] = []
        for _ in 0..<max(destinations, 1) { sinks.append(try await run.openDestinations(port: 0)) }
        let secret = Secret("whsec_b25jZWdhdGUtYmVuY2gtc2lnbmluZy1rZXktMTIzNDU2")
        let key = try SigningKey(secret)
        let yaml = configuration(folder: path, secret: secret, sinkPorts: sinks.map { $0.localAddress?.port ?? 0 })
        let endpoint = try givenRedis() ?? embeddedRedis(folder: path)
        let report = try await GatewayUnderTest.with(configuration: yaml, folder: path) { gateway in
            let target = BenchTarget(
                host: "127.0.0.1", port: gateway.port, path: "/webhooks/bench", key: key, gateway: gateway.gateway,
                redis: endpoint)
            return try await run.measure(target, countsDeliveries: destinations > 0)
        }
        for sink in sinks { try await sink.close().get() }
        return report
    }

    /// The Redis that is named on the command line.
    private func givenRedis() throws -> RedisEndpoint? {
        try redis.map { try RedisEndpoint(url: try SecretOption.value(of: $0)) }
    }

    private static func dataDirectory(in folder: String) -> String { folder + "/data" }

    /// Where the private Redis of the gateway will listen.
    private func embeddedRedis(folder: String) throws -> RedisEndpoint {
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        return try EmbeddedRedis(dataDirectory: Self.dataDirectory(in: folder), logger: quiet).endpoint
    }

    private func configuration(folder: String, secret: Secret, sinkPorts: [Int]) -> String {
        // The breaker stays out of it: with --failures it would measure its own pauses.
        let fields =
            "concurrency: \(concurrency), breaker: { failures: 1000000 }, "
            + "retry: { attempts: 100, first: 100ms, factor: 1, jitter: 0 }"
        let targets = sinkPorts.enumerated().map { number, port in
            "  d\(number): { url: \"http://127.0.0.1:\(port)/events/\(number)\", \(fields) }"
        }
        let names = (0..<destinations).map { "d\($0)" }.joined(separator: ", ")
        // Without destinations no route matches what is sent.
        let route =
            destinations > 0
            ? #"{ events: ["**"], to: [\#(names)] }"# : #"{ events: ["nothing.ever"], to: [d0] }"#
        let lines =
            [
                "listen: 127.0.0.1:0", "admin: { listen: 127.0.0.1:0 }",
                "data_dir: \"\(Self.dataDirectory(in: folder))\"",
                "log: { level: notice }", "limits: { connections: 20000, connections_per_address: 20000 }",
                "max_pending: 100000000",
            ] + (redis.map { ["redis: { url: \"\($0)\", prefix: bench-\(UUID().uuidString.prefix(8)) }"] } ?? []) + [
                "sources:", "  bench: { secrets: [\"\(secret.revealed)\"] }", "destinations:",
            ] + targets + ["routes:", "  - \(route)"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Says on standard error, where that is a terminal, how far a run has got.
    private func withProgress(
        of run: BenchRun, _ body: @escaping @Sendable () async throws -> BenchReport
    ) async throws -> BenchReport {
        guard isatty(STDERR_FILENO) == 1 else { return try await body() }
        return try await withThrowingTaskGroup(of: BenchReport?.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(500))  // the period; its cancellation ends the loop
                    let (accepted, delivered) = (
                        run.progress.accepted.load(ordering: .relaxed),
                        run.progress.delivered.load(ordering: .relaxed)
                    )
                    FileHandle.standardError.write(Data("\r\(accepted) accepted, \(delivered) delivered ".utf8))
                }
                FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
                return nil
            }
            defer { tasks.cancelAll() }
            while let value = try await tasks.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}

extension BenchReport {
    /// The figures as JSON, in snake case.
    fileprivate var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// The value of a function that waits, where there is something to call it with.
    fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}
