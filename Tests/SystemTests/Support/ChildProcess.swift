import Foundation
import Glibc
import Synchronization
import Testing

/// A process that a test started and ends, by its pid.
final class ChildProcess: Sendable {
    /// How a process ended.
    enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    let pid: pid_t
    private let outputPath: String
    private let errorsPath: String
    private let exit = Mutex<Exit?>(nil)

    /// Starts a process with the standard descriptors and no others: a socket of a test running at the same time would
    /// stay open for as long as the process lives, since NIO does not mark sockets close-on-exec.
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - files: what the files for standard output and standard error begin with.
    init(
        _ words: [String], environment: [String: String] = [:], directory: String? = nil,
        input: String = "/dev/null", files: String
    ) throws {
        outputPath = files + ".out"
        errorsPath = files + ".err"
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argv = words.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorsPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        try Self.call("posix_spawn_file_actions_addclosefrom_np", &actions, CInt(3))
        if let directory { try Self.call("posix_spawn_file_actions_addchdir_np", &actions, directory) }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, words[0], &actions, nil, &argv, &envp)
        guard code == 0 else { throw SystemCallFailed(call: "posix_spawnp \(words[0])", code: code) }
        self.pid = pid
    }

    // glibc declares these two for GNU sources only, so that Swift does not see them.
    private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    private static func call(_ name: String, _ actions: Actions, _ number: CInt) throws {
        let symbol = try #require(dlsym(nil, name))
        _ = unsafeBitCast(symbol, to: (@convention(c) (Actions, CInt) -> CInt).self)(actions, number)
    }

    private static func call(_ name: String, _ actions: Actions, _ text: String) throws {
        let symbol = try #require(dlsym(nil, name))
        _ = unsafeBitCast(symbol, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> CInt).self)(actions, text)
    }

    /// What the process has written to standard output.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

    /// What the process has written to standard error.
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    /// How the process ended; nil while it runs.
    var ended: Exit? {
        exit.withLock { exit in
            if exit == nil { exit = Self.wait(for: pid, options: WNOHANG) }
            return exit
        }
    }

    func signal(_ number: Int32) {
        exit.withLock { if $0 == nil { _ = Glibc.kill(pid, number) } }
    }

    /// Waits until the process has ended.
    func waitUntilEnded(
        within limit: Duration = .seconds(15), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Exit {
        try await eventually(within: limit, "process \(pid) ends", sourceLocation: sourceLocation) { ended }
    }

    /// Ends the process at once, if it still runs, and reaps it.
    func kill() {
        exit.withLock { exit in
            guard exit == nil else { return }
            _ = Glibc.kill(pid, SIGKILL)
            exit = Self.wait(for: pid, options: 0)
        }
    }

    private static func wait(for pid: pid_t, options: CInt) -> Exit? {
        var status: CInt = 0
        guard waitpid(pid, &status, options) == pid else { return nil }
        return status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
    }
}

/// A system call that failed while a test was being set up.
struct SystemCallFailed: Error {
    let call: String
    let code: CInt
}
