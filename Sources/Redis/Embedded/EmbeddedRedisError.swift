/// Why the private redis-server could not be run.
package struct EmbeddedRedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    package enum Code: Sendable, Equatable {
        /// No `redis-server` is installed.
        case serverNotFound
        /// Another process works on the same folder.
        case dataDirectoryInUse
        /// The folder cannot be made or used.
        case dataDirectoryUnusable
        /// The path of the folder leaves no room for that of a Unix socket.
        case pathTooLong
        /// A redis-server left behind by a gateway that died does not end.
        case orphanRemains
        /// The server ends before it is ready, several times in a row.
        case serverFailed
        /// The task was cancelled before the server was ready.
        case shuttingDown
    }

    /// The kind of failure, to decide by.
    package let code: Code

    /// A sentence for a person: what is wrong and what to do about it.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether starting again can succeed without anybody changing anything.
    package var isRetryable: Bool {
        switch code {
        case .dataDirectoryInUse, .orphanRemains, .shuttingDown: true
        case .serverNotFound, .dataDirectoryUnusable, .pathTooLong, .serverFailed: false
        }
    }

    /// The same as ``message``.
    package var description: String { message }
}
