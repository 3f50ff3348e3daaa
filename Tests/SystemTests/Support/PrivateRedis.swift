import Glibc
import Synchronization
import Testing

/// A redis-server of one test, in the test's folder, on a Unix socket there.
final class PrivateRedis: Sendable {
    let socketPath: String
    private let folder: String
    private let arguments: [String]
    private let process = Mutex<ChildProcess?>(nil)

    /// - Parameter arguments: further settings, as in `--maxmemory 3mb`.
    init(folder: String, arguments: [String]) {
        self.folder = folder
        self.arguments = arguments
        socketPath = folder + "/redis.sock"
    }

    var url: String { "unix://" + socketPath }

    /// Starts the server, on the data of the last time if there was one, and waits until it answers.
    func start() async throws {
        let words =
            [
                "redis-server", "--port", "0", "--unixsocket", socketPath, "--dir", folder, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes",
            ] + arguments
        let started = try ChildProcess(words, files: folder + "/redis")
        process.withLock { $0 = started }
        try await eventually("redis-server answers") {
            try await run(["PING"]).output.hasPrefix("PONG")
        }
    }

    /// Sends a command and gives the reply, as `redis-cli` shows it to programs.
    func command(_ words: String...) async throws -> String {
        let cli = try await run(words)
        return String(cli.output.dropLast())
    }

    private func run(_ words: [String]) async throws -> ChildProcess {
        let files = "\(folder)/cli-\(UInt64.random(in: 0 ... .max))"
        let cli = try ChildProcess(["redis-cli", "-s", socketPath] + words, files: files)
        defer { cli.kill() }
        _ = try await cli.waitUntilEnded()
        return cli
    }

    /// The number of keys.
    func size() async throws -> Int {
        Int(try await command("DBSIZE")) ?? -1
    }

    /// The keys that match a pattern.
    func keys(_ pattern: String = "*") async throws -> [String] {
        try await command("KEYS", pattern).split(separator: "\n").map(String.init).sorted()
    }

    /// The number of deliveries that are not settled.
    func pending() async throws -> Int {
        Int(try await command("GET", "og:{0}:pending")) ?? 0
    }

    /// How long a key will stay, in seconds; negative where there is none or it stays for ever.
    func timeToLive(_ key: String) async throws -> Int {
        Int(try await command("TTL", key)) ?? -3
    }

    /// Stops the server in an orderly way.
    func shutDown() async throws {
        _ = try await run(["SHUTDOWN"])
        _ = try await process.withLock { $0 }?.waitUntilEnded()
    }

    /// Stops the server in its tracks without ending it.
    func freeze() { process.withLock { $0 }?.signal(SIGSTOP) }

    /// Lets a frozen server go on.
    func thaw() { process.withLock { $0 }?.signal(SIGCONT) }

    /// Ends the server at once.
    func kill() { process.withLock { $0 }?.kill() }
}
