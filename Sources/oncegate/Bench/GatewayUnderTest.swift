import Foundation
import Glibc
import Subprocess
import Synchronization

/// A gateway of its own for one run: this program in a process apart, so that its CPU time can be told from the load's.
struct GatewayUnderTest: Sendable {
    /// Where the front door is, and the process id.
    let port: Int
    let gateway: Int32

    /// How long it may take to open.
    static let openTime = Duration.seconds(15)

    /// Runs `body` while a gateway runs on a configuration.
    static func with<Result: Sendable>(
        configuration: String, folder: String, _ body: @escaping @Sendable (GatewayUnderTest) async throws -> Result
    ) async throws -> Result {
        let file = folder + "/bench.yaml"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw CommandError("this program cannot be found: /proc is needed")
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(45))]
        let outcome = try await Subprocess.run(
            .path(.init(program)), arguments: ["serve", "--config", file], platformOptions: options, input: .none,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            let pid = execution.processIdentifier.value
            return try await withThrowingTaskGroup(of: Result?.self) { tasks in
                let (ports, opened) = AsyncStream<Int>.makeStream()
                let door = Door()
                tasks.addTask {
                    try await Task.sleep(for: Self.openTime)  // the limit itself, cancelled with the run
                    if !door.isOpen.load(ordering: .acquiring) {
                        throw CommandError("the gateway did not open within \(Self.openTime)")
                    }
                    return nil
                }
                tasks.addTask {
                    defer { opened.finish() }
                    var last = ""
                    for try await line in execution.standardOutput.strings() {
                        last = line
                        if let port = Self.port(in: line) { opened.yield(port) }
                    }
                    if !Task.isCancelled { throw CommandError("the gateway has ended: \(last)") }
                    return nil
                }
                tasks.addTask {
                    guard let port = await ports.first(where: { _ in true }) else { return nil }
                    door.isOpen.store(true, ordering: .releasing)
                    return try await body(GatewayUnderTest(port: port, gateway: pid))
                }
                defer { tasks.cancelAll() }
                while let value = try await tasks.next() {
                    guard let value else { continue }
                    try? execution.send(signal: .terminate)
                    return value
                }
                throw CommandError("the gateway did not open")
            }
        }
        return outcome.closureResult
    }

    /// Whether the front door has opened.
    private final class Door: Sendable {
        let isOpen = Atomic(false)
    }

    /// The port in the line that says that the front door is open.
    private static func port(in line: String) -> Int? {
        guard line.contains("front door open"), let colon = line.range(of: "127.0.0.1:") else { return nil }
        return Int(line[colon.upperBound...].prefix { $0.isNumber })
    }
}

/// The CPU time of processes, from proc(5).
enum ProcessTime {
    /// The fields of `/proc/PID/stat` behind the name: state, parent, …
    private static func fields(of pid: Int32) -> [String]? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: name)...].split(separator: " ").map(String.init)
    }

    /// User and system time so far, in microseconds; nil where there is no such process.
    static func microseconds(of pid: Int32) -> Double? {
        guard let fields = fields(of: pid), fields.count > 12, let user = Double(fields[11]),
            let system = Double(fields[12])
        else { return nil }
        return (user + system) * 1e6 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
