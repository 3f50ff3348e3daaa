import Logging
import NIOCore
import Synchronization

/// One pipelined connection to Redis, which makes itself anew whenever it is lost.
///
/// Everything happens on the event loop that the connection is given. A command sent from that loop takes no hop and
/// no task; the commands of one turn of the loop leave in one write, and replies resolve their futures in order.
/// While there is no connection, commands fail at once and are not queued: whoever sent the event tries again.
///
/// The event loop must outlive the connection, and ``run()`` must be running for it to become connected.
package final class RedisConnection: Sendable {
    /// The loop that the connection lives on and resolves its futures on.
    package let eventLoop: any EventLoop

    let endpoint: RedisEndpoint
    let scripts: [RedisScript]
    let limits: RedisLimits
    let logger: Logger
    let state: NIOLoopBoundBox<State>
    let wasRun = Atomic(false)
    private let currentStatus = Mutex(RedisStatus.connecting(reason: nil))

    /// Makes a connection that ``run()`` will keep up.
    ///
    /// - Parameters:
    ///   - endpoint: The Redis to connect to.
    ///   - scripts: The scripts to load whenever a connection is made. Their names must differ.
    ///   - eventLoop: The loop to live on.
    ///   - logger: Receives one line for each change of state.
    ///   - limits: The bounds.
    package init(
        endpoint: RedisEndpoint, scripts: [RedisScript] = [], eventLoop: any EventLoop, logger: Logger,
        limits: RedisLimits = RedisLimits()
    ) {
        precondition(Set(scripts.map(\.name)).count == scripts.count, "the names of the scripts must differ")
        self.endpoint = endpoint
        self.scripts = scripts
        self.eventLoop = eventLoop
        self.limits = limits
        var logger = logger
        logger[metadataKey: "redis"] = "\(endpoint)"
        self.logger = logger
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: eventLoop)
    }

    /// Whether commands can be sent; may be read from any thread.
    package var status: RedisStatus {
        currentStatus.withLock { $0 }
    }

    func setStatus(_ status: RedisStatus) {
        currentStatus.withLock { $0 = status }
    }

    // MARK: Commands

    /// Sends a command.
    ///
    /// May be called from any thread. The future fails with a ``RedisError``: also when Redis answers with an error,
    /// and at once when there is no connection.
    package func send(_ command: [RedisArgument]) -> EventLoopFuture<RedisValue> {
        submit { handler, promise in handler.send(command, promise: promise) }
    }

    /// Calls a script by its digest; Redis is sent its source where it does not know it.
    ///
    /// A script that was not given to `init` is sent in full with each call. Threads and failures as with ``send(_:)``.
    package func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) -> EventLoopFuture<RedisValue> {
        submit { handler, promise in
            handler.evaluate(script, keys: keys, arguments: arguments, promise: promise)
        }
    }

    /// Hands to the network what was sent in this turn of the event loop, which is otherwise done at its end.
    ///
    /// To be called on the event loop only.
    package func flush() {
        state.value.handler?.flush()
    }

    /// Sends a command and waits for its reply, at most for the command timeout; cancellation does not shorten that.
    ///
    /// - Throws: A ``RedisError``.
    package func send(_ command: [RedisArgument]) async throws(RedisError) -> RedisValue {
        try await reply(of: send(command) as EventLoopFuture<RedisValue>)
    }

    /// Calls a script and waits for its reply, at most for the command timeout; cancellation does not shorten that.
    ///
    /// - Throws: A ``RedisError``.
    package func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]
    ) async throws(RedisError) -> RedisValue {
        try await reply(of: evaluate(script, keys: keys, arguments: arguments) as EventLoopFuture<RedisValue>)
    }

    private func submit(
        _ body: @escaping @Sendable (RedisChannelHandler, EventLoopPromise<RedisValue>) -> Void
    ) -> EventLoopFuture<RedisValue> {
        let promise = eventLoop.makePromise(of: RedisValue.self)
        if eventLoop.inEventLoop {
            dispatch(promise, body)
        } else {
            eventLoop.execute { self.dispatch(promise, body) }
        }
        return promise.futureResult
    }

    private func dispatch(
        _ promise: EventLoopPromise<RedisValue>,
        _ body: (RedisChannelHandler, EventLoopPromise<RedisValue>) -> Void
    ) {
        if let handler = state.value.handler {
            body(handler, promise)
        } else {
            promise.fail(state.value.refusal)
        }
    }

    private func reply(of future: EventLoopFuture<RedisValue>) async throws(RedisError) -> RedisValue {
        do {
            return try await future.get()
        } catch let error as RedisError {
            throw error
        } catch {
            // Only an event loop that was shut down fails a promise with an error of its own.
            throw RedisError(code: .connectionLost, message: "\(error)", mayHaveExecuted: true)
        }
    }
}
