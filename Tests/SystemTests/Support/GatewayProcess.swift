import Foundation
import Glibc
import Synchronization
import Testing

/// `oncegate serve`, running on a configuration of one test.
final class GatewayProcess: Sendable {
    /// Where the source `clerk` of every configuration takes events.
    static let path = "/webhooks/clerk"

    private struct Ports {
        var door = 0
        var admin = 0
    }

    let configurationPath: String
    let process: ChildProcess
    private let ports = Mutex(Ports())

    /// Starts the program.
    init(configuration: String, folder: String, name: String, environment: [String: String] = [:]) throws {
        configurationPath = "\(folder)/\(name).yaml"
        try configuration.write(toFile: configurationPath, atomically: true, encoding: .utf8)
        process = try ChildProcess(
            [Program.path, "serve", "--config", configurationPath], environment: environment, files: "\(folder)/\(name)"
        )
    }

    /// The port of the front door.
    var port: Int { ports.withLock { $0.door } }

    /// The port of the admin listener.
    var adminPort: Int { ports.withLock { $0.admin } }

    /// Waits until both listeners are open.
    func waitUntilOpen() async throws {
        try await eventually(within: .seconds(20), "the gateway opens") {
            if let ended = process.ended { throw EndedEarly(exit: ended, log: process.errors) }
            let entries = log
            guard let door = Self.port(in: entries, "front door open"),
                let admin = Self.port(in: entries, "admin listener open")
            else { return false }
            ports.withLock { $0 = Ports(door: door, admin: admin) }
            return true
        }
    }

    private static func port(in log: [LogEntry], _ message: String) -> Int? {
        let address = log.first { $0.message == message }?["address"]
        return address?.split(separator: ":").last.flatMap { Int($0) }
    }

    /// The lines of the log so far.
    var log: [LogEntry] {
        process.errors.split(separator: "\n").compactMap { LogEntry($0) }
    }

    /// All that was logged up to now: lines may be gathered for a moment before they are written, and stand before the
    /// one that a signal gives rise to.
    func wholeLog() async throws -> String {
        func reloads() -> Int { log.count { $0.message == "configuration reloaded" } }
        let before = reloads()
        process.signal(SIGHUP)
        try await eventually("another reload is told of") { reloads() > before }
        return process.errors
    }

    /// Waits for a line of the log.
    @discardableResult
    func waitForLog(
        _ message: String, within limit: Duration = .seconds(15), sourceLocation: SourceLocation = #_sourceLocation,
        where matches: (LogEntry) -> Bool = { _ in true }
    ) async throws -> LogEntry {
        try await eventually(within: limit, "a log line: \(message)", sourceLocation: sourceLocation) {
            log.first { $0.message == message && matches($0) }
        }
    }

    /// Sends one request on a connection of its own.
    func send(
        _ request: RawRequest, within limit: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RawResponse {
        try await RawConnection.with(port: port) {
            try await $0.exchange(request, within: limit, sourceLocation: sourceLocation)
        }
    }

    /// Posts an event.
    func post(_ event: SignedEvent, sourceLocation: SourceLocation = #_sourceLocation) async throws -> RawResponse {
        try await send(event.request(), sourceLocation: sourceLocation)
    }

    /// Posts an event that must be accepted.
    func accept(_ event: SignedEvent, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let response = try await post(event, sourceLocation: sourceLocation)
        #expect(response.status == 202, "\(response.body)", sourceLocation: sourceLocation)
    }

    /// Gets a path of the admin listener.
    func admin(_ target: String) async throws -> RawResponse {
        try await RawConnection.with(port: adminPort) {
            try await $0.exchange(RawRequest(method: "GET", target: target))
        }
    }

    /// The value of a sample in the metrics, by its name with its labels; nil where there is no such sample.
    func metric(_ sample: String) async throws -> Double? {
        let lines = try await admin("/metrics").body.split(separator: "\n")
        return lines.first { $0.hasPrefix(sample + " ") }.flatMap { Double($0.dropFirst(sample.count + 1)) }
    }

    /// Reloads another configuration, and waits for the word that it was taken or refused.
    func reload(_ configuration: String) async throws -> LogEntry {
        try configuration.write(toFile: configurationPath, atomically: true, encoding: .utf8)
        let before = log.count
        process.signal(SIGHUP)
        return try await eventually("the configuration is reloaded") {
            log.dropFirst(before).first {
                $0.message == "configuration reloaded" || $0.message == "configuration refused"
            }
        }
    }

    /// Asks the gateway to end, and waits until it has.
    func terminate(within limit: Duration = .seconds(30)) async throws -> ChildProcess.Exit {
        process.signal(SIGTERM)
        return try await process.waitUntilEnded(within: limit)
    }
}

/// A gateway that ended before it opened.
struct EndedEarly: Error {
    let exit: ChildProcess.Exit
    let log: String
}

/// One line of a gateway's log.
struct LogEntry: Sendable {
    /// The values as text, JSON's own where they are not text.
    private let values: [String: String]

    /// Reads a line; nil where it is no JSON object.
    init?(_ line: some StringProtocol) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            return nil
        }
        values = object.mapValues { "\($0)" }
    }

    var message: String { values["message"] ?? "" }
    var level: String { values["level"] ?? "" }

    subscript(key: String) -> String? { values[key] }
}

/// The program under test.
enum Program {
    /// Whether resident memory tells what the program keeps: under a sanitizer it holds what that notes down, and
    /// AddressSanitizer spreads what was freed over more and more pages for a long time.
    static let showsItsMemory = ProcessInfo.processInfo.environment["ONCEGATE_SANITIZER"] == nil

    /// The built program, which SwiftPM puts beside the test bundle.
    static let path: String = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: bundle ?? CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "oncegate").path(percentEncoded: false)
    }()
}
