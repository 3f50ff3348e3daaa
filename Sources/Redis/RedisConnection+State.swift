import NIOCore

extension RedisConnection {
    /// What only the event loop touches.
    struct State {
        /// The handler of the connection in use; nil while there is none.
        var handler: RedisChannelHandler?
        /// The handler of the connection being made or in use.
        var attempt: RedisChannelHandler?
        var connectedAt: ContinuousClock.Instant?
        var lastError: RedisError?
        var isShuttingDown = false
        /// What this outage has already been logged with.
        var loggedReasons: Set<String> = []
        var waiters: [Int: EventLoopPromise<Void>] = [:]
        var nextWaiter = 0

        /// What a command fails with while there is no connection.
        var refusal: RedisError {
            if isShuttingDown { return .shuttingDown }
            let reason = lastError?.message ?? "no attempt has ended yet"
            return RedisError(code: .notConnected, message: "Redis is not connected: \(reason)")
        }
    }

    /// Different reasons of one outage that are logged; more are not.
    private static let maximumLoggedReasons = 8

    /// Notes that the handshake has succeeded. On the event loop.
    func becameReady(_ handler: RedisChannelHandler) {
        guard !state.value.isShuttingDown else { return }
        state.value.handler = handler
        state.value.connectedAt = .now
        state.value.loggedReasons = []
        setStatus(.connected)
        logger.info("connected to Redis")
        if let complaint = handler.complaint {
            // A script that does not compile, or a user that may not load scripts.
            logger.warning("Redis refused a part of the handshake", metadata: ["reason": "\(complaint)"])
        }
        resumeWaiters { $0.succeed() }
    }

    /// Notes that a connection, or an attempt at one, has ended. On the event loop.
    ///
    /// - Returns: How long the connection was in use; nil if it never was.
    func ended(_ error: RedisError) -> Duration? {
        let lasted = state.value.connectedAt.map { ContinuousClock.now - $0 }
        state.value.handler = nil
        state.value.attempt = nil
        state.value.connectedAt = nil
        state.value.lastError = error
        setStatus(.connecting(reason: error))
        if !state.value.isShuttingDown, state.value.loggedReasons.count < Self.maximumLoggedReasons,
            state.value.loggedReasons.insert(error.message).inserted
        {
            logger.warning("not connected to Redis", metadata: ["reason": "\(error)"])
        }
        return lasted
    }

    /// Refuses further commands and ends the connection once the replies to those under way have come.
    func shutDown() {
        eventLoop.execute {
            guard !self.state.value.isShuttingDown else { return }
            self.state.value.isShuttingDown = true
            let current = self.state.value.handler
            self.state.value.handler = nil
            if let current {
                current.shutDown()
            } else {
                self.state.value.attempt?.close(.shuttingDown)
            }
            self.resumeWaiters { $0.fail(RedisError.shuttingDown) }
        }
    }

    // MARK: Waiting for a connection

    /// Returns as soon as commands can be sent.
    ///
    /// - Throws: A ``RedisError`` with the code `notConnected` and the last reason at the deadline, `shuttingDown`
    ///   when ``run()`` ends first, and a `CancellationError` when the task is cancelled.
    package func waitUntilConnected(deadline: ContinuousClock.Instant) async throws {
        let promise = eventLoop.makePromise(of: Void.self)
        let ticket: Int? = try await eventLoop.submit { self.register(promise) }.get()
        guard let ticket else { return try await promise.futureResult.get() }
        let remaining = ContinuousClock.now.duration(to: deadline)
        let timeout = eventLoop.scheduleTask(in: TimeAmount(remaining)) {
            self.fail(ticket, with: self.state.value.refusal)
        }
        defer { timeout.cancel() }
        try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            eventLoop.execute { self.fail(ticket, with: CancellationError()) }
        }
    }

    /// Resolves the promise at once and returns nil, or keeps it and returns a number to refer to it by.
    private func register(_ promise: EventLoopPromise<Void>) -> Int? {
        if state.value.handler != nil {
            promise.succeed()
            return nil
        }
        if state.value.isShuttingDown {
            promise.fail(RedisError.shuttingDown)
            return nil
        }
        let ticket = state.value.nextWaiter
        state.value.nextWaiter += 1
        state.value.waiters[ticket] = promise
        return ticket
    }

    private func fail(_ ticket: Int, with error: any Error) {
        state.value.waiters.removeValue(forKey: ticket)?.fail(error)
    }

    private func resumeWaiters(_ resume: (EventLoopPromise<Void>) -> Void) {
        let waiters = state.value.waiters
        state.value.waiters = [:]
        waiters.values.forEach(resume)
    }
}
