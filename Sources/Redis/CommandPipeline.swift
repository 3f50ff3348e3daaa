import NIOCore

/// The commands of one connection that wait for their replies, oldest first: what may be sent, whose reply is whose,
/// and who has waited too long.
///
/// A value without any input or output of its own; `RedisChannelHandler` acts on what it decides. `Token` is whatever
/// the caller wants back when the reply arrives. Every token that goes in comes out exactly once: of ``takeOldest()``
/// or of ``close(_:)``.
struct CommandPipeline<Token> {
    /// What to do after a command was added.
    struct Addition: Equatable {
        /// This is the first command since the last flush: arrange for one.
        var needsFlush: Bool
        /// No timer runs: start one for this moment.
        var startTimer: NIODeadline?
    }

    /// What to do when the timer fires.
    enum TimerDecision: Equatable {
        /// Nothing waits, and no timer is needed.
        case idle
        /// The oldest command is younger than the limit: ask again at this moment.
        case wait(until: NIODeadline)
        /// The oldest command has waited too long: close the connection with this error.
        case expired(RedisError)
    }

    private struct Entry {
        let token: Token
        let bytes: Int
        let sentAt: NIODeadline
    }

    private let limits: RedisLimits
    private var entries = CircularBuffer<Entry>(initialCapacity: 64)
    private var pendingBytes = 0
    private var unflushed = 0
    private var timerRuns = false
    private var draining = false
    private var closedBy: RedisError?

    init(limits: RedisLimits) {
        self.limits = limits
    }

    /// Whether no command waits.
    var isEmpty: Bool { entries.isEmpty }

    /// Whether every command has been handed to the network.
    var isFlushed: Bool { unflushed == 0 }

    /// Whether ``close(_:)`` has been called.
    var isClosed: Bool { closedBy != nil }

    /// Whether the connection is being closed for good and the last reply has come.
    var isDrained: Bool { draining && entries.isEmpty }

    /// Returns why a command of at most so many bytes cannot be sent now, or nil if it can.
    func refusal(ofCommandWith bytes: Int) -> RedisError? {
        if let closedBy { return closedBy.with(mayHaveExecuted: false) }
        if draining { return .shuttingDown }
        if bytes > limits.maximumCommandBytes {
            return RedisError(
                code: .commandTooLarge,
                message: "A command of \(bytes) bytes exceeds the limit of \(limits.maximumCommandBytes).")
        }
        if entries.count >= limits.maximumPendingCommands || pendingBytes + bytes > limits.maximumPendingBytes {
            return RedisError(
                code: .tooManyPending,
                message: "\(entries.count) commands (\(pendingBytes) bytes) already wait for Redis.")
        }
        return nil
    }

    /// Adds a command that was accepted and is about to be written.
    mutating func append(_ token: Token, bytes: Int, now: NIODeadline) -> Addition {
        entries.append(Entry(token: token, bytes: bytes, sentAt: now))
        pendingBytes += bytes
        unflushed += 1
        var addition = Addition(needsFlush: unflushed == 1, startTimer: nil)
        if !timerRuns {
            timerRuns = true
            addition.startTimer = now + limits.commandTimeout
        }
        return addition
    }

    /// Notes that everything added so far has been handed to the network.
    mutating func flushed() {
        unflushed = 0
    }

    /// Takes out the command that a reply has just come for; nil if none waits for one.
    mutating func takeOldest() -> Token? {
        // A reply to a command that has not been sent would be an answer to nothing.
        guard entries.count > unflushed, let entry = entries.popFirst() else { return nil }
        pendingBytes -= entry.bytes
        return entry.token
    }

    /// Decides what follows when the timer fires.
    mutating func timerFired(now: NIODeadline) -> TimerDecision {
        timerRuns = false
        guard let oldest = entries.first else { return .idle }
        let deadline = oldest.sentAt + limits.commandTimeout
        guard deadline <= now else {
            timerRuns = true
            return .wait(until: deadline)
        }
        let milliseconds = limits.commandTimeout.nanoseconds / 1_000_000
        return .expired(
            RedisError(code: .timeout, message: "Redis did not answer within \(milliseconds) ms."))
    }

    /// Accepts no further command, but waits for the replies to those under way.
    mutating func drain() {
        draining = true
    }

    /// Ends everything: returns each command that waits, with the error to fail it with. Those that were never handed
    /// to the network certainly were not executed. Does nothing the second time.
    mutating func close(_ error: RedisError) -> [(token: Token, error: RedisError)] {
        guard closedBy == nil else { return [] }
        closedBy = error
        let sent = entries.count - unflushed
        let failed = entries.enumerated().map { index, entry in
            (token: entry.token, error: error.with(mayHaveExecuted: index < sent))
        }
        entries.removeAll()
        pendingBytes = 0
        unflushed = 0
        return failed
    }
}

extension RedisError {
    /// The connection is being closed for good.
    static let shuttingDown = RedisError(code: .shuttingDown, message: "The connection to Redis is shutting down.")
}
