/// Why a command, or an attempt to connect, failed.
package struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    package enum Code: Sendable, Equatable {
        /// There is no usable connection at the moment; the command was not sent.
        case notConnected
        /// The connection ended before the reply came.
        case connectionLost
        /// No reply came in time.
        case timeout
        /// Redis answered with an error.
        case server(RedisServerError)
        /// What arrived is not RESP2, or not an answer to anything asked.
        case protocolViolation
        /// The connection is being closed for good; the command was not sent.
        case shuttingDown
        /// Too many commands, or too many bytes of them, are waiting for their replies; the command was not sent.
        case tooManyPending
        /// The command alone is larger than the limit; it was not sent.
        case commandTooLarge
        /// TLS could not be set up, as its certificates could not be read.
        case tlsConfiguration
    }

    /// The kind of failure, to decide by.
    package let code: Code

    /// A sentence for a log or a person; never holds an argument of the command or a password.
    package let message: String

    /// False when the command certainly was not executed: it never left this process, or Redis refused it outright.
    package let mayHaveExecuted: Bool

    /// Makes an error.
    package init(code: Code, message: String, mayHaveExecuted: Bool = false) {
        self.code = code
        self.message = message
        self.mayHaveExecuted = mayHaveExecuted
    }

    /// Makes the error that an error reply fails its command with.
    package init(_ error: RedisServerError) {
        self.init(code: .server(error), message: error.description, mayHaveExecuted: !error.precedesExecution)
    }

    /// Whether the same command can succeed later. A command that ``mayHaveExecuted`` must bear repetition.
    package var isRetryable: Bool {
        switch code {
        case .notConnected, .connectionLost, .timeout, .protocolViolation, .shuttingDown, .tooManyPending: true
        case .server(let error): error.isRetryable
        case .commandTooLarge, .tlsConfiguration: false
        }
    }

    /// The same failure for a command whose fate is another.
    func with(mayHaveExecuted: Bool) -> RedisError {
        RedisError(code: code, message: message, mayHaveExecuted: mayHaveExecuted)
    }

    /// The same as ``message``.
    package var description: String { message }
}
