import Curl
import EventLedger
import GatewayConfiguration
import Logging
import NIOCore
import Synchronization
import Telemetry
import Webhooks

/// Delivers to one destination: leases what is due, sends it, records the answers.
///
/// It runs on an event loop, and the ledger's connection lives on the same loop, so that it hops no thread. Answers
/// come in while it waits for Redis and are recorded together: the busier it is, the larger its batches. What is due
/// next is leased and rendered while requests are under way, so that neither Redis nor the destination waits for the
/// other.
actor Dispatcher {
    /// How many deliveries one lease takes at the most.
    static let maximumLease = 64
    /// By how much a lease outlasts the longest attempt.
    static let leaseMargin = Duration.seconds(5)
    /// How long before the end of its lease a request must be on its way.
    static let sendMargin = Duration.seconds(1)
    /// How long to sleep at the most: another process may have queued something.
    static let idleTime = Duration.seconds(1)
    /// How long to wait before Redis is asked again after it failed.
    static let redisPause = Duration.milliseconds(250)

    nonisolated let unownedExecutor: UnownedSerialExecutor
    /// Distinguishes this dispatcher's tokens from those of others.
    nonisolated let number: UInt32
    let environment: DispatchEnvironment
    let metrics: DestinationMetrics
    /// Whether something was queued since the latest lease was asked for.
    private let hasNews = Atomic(false)
    private var requests = LeaseRequests(dispatcher: String(UInt64.random(in: 0 ... .max), radix: 36))
    private(set) var destination: Destination
    /// How often the destination was configured anew.
    private var generation = 0
    private var bounds: HistoryBounds
    /// Leased and rendered, in the order in which they are to be sent.
    private var ready = ReadyRequests()
    private var inFlight: [UInt64: LeasedDelivery] = [:]
    private var nextToken: UInt64 = 0
    private var ended: [EndedAttempt] = []
    private var isStopping = false
    private var redisFailed = false
    private var sleeper: CheckedContinuation<Void, Never>?
    private var isAwake = false
    /// Until when nothing may be leased, whatever is queued; nil where there is no such time.
    private var heldBackUntil: ContinuousClock.Instant?

    init(number: UInt32, destination: Destination, bounds: HistoryBounds, environment: DispatchEnvironment) {
        self.number = number
        self.destination = destination
        self.bounds = bounds
        self.environment = environment
        metrics = environment.metrics.destination(destination.name)
        unownedExecutor = environment.eventLoop.executor.asUnownedSerialExecutor()
    }

    /// Works until ``stop()`` and until every attempt under way is recorded.
    func run() async {
        while true {
            do {
                let nextDue = try await turn()
                redisFailed = false
                if isStopping, inFlight.isEmpty, ended.isEmpty { return }
                await sleep(nextDue)
            } catch {
                if !redisFailed {
                    environment.logger.warning(
                        "deliveries wait for Redis",
                        metadata: ["destination": .string(destination.name), "reason": .string("\(error)")])
                }
                redisFailed = true
                // What only a lost reply has leased is not worth waiting for: its lease runs out by itself.
                if isStopping, inFlight.isEmpty, ended.isEmpty { return }
                guard !Task.isCancelled else { return abandon() }
                await pause()
            }
        }
    }

    /// Ends with answers that Redis did not take: their leases run out, and they are repeated or held.
    private func abandon() {
        guard !ended.isEmpty || !inFlight.isEmpty else { return }
        environment.logger.error(
            "answers not recorded: these deliveries will be repeated or held",
            metadata: [
                "destination": .string(destination.name), "attempts": .stringConvertible(ended.count + inFlight.count),
            ])
    }

    /// Records what has ended, and leases what is due; Redis gets both at once, in this order, so that an answer is not
    /// overtaken by a repetition.
    /// - Returns: how long to sleep; nil until something happens.
    private func turn() async throws -> Duration? {
        let recording = beginRecording()
        if let recording, redisFailed || recording.attempts.count < ended.count {
            // Nothing new is leased until Redis has all the answers.
            try await finish(recording)
            return .zero
        }
        let leasing = beginLeasing()
        if let recording { try await finish(recording) }
        if let leasing { return try await finish(leasing) }
        if let heldBackUntil { return max(.zero, heldBackUntil - .now) }
        return room > 0 ? .zero : nil
    }

    // MARK: Leasing

    private struct Leasing {
        let limit: Int
        let destination: Destination
        let generation: Int
        let sendBy: ContinuousClock.Instant
        let reply: EventLoopFuture<Lease>
    }

    /// How many deliveries there is a use for.
    private var room: Int {
        guard !isStopping else { return 0 }
        return ready.room(concurrency: destination.concurrency, inFlight: inFlight.count)
    }

    /// Asks for what is due, if there is a use for it.
    private func beginLeasing() -> Leasing? {
        let now = ContinuousClock.now
        if let end = heldBackUntil, end <= now { heldBackUntil = nil }
        // At the end only what a lost reply has leased is asked about: a lease of none hands it back.
        guard isStopping ? requests.isReplyMissing : heldBackUntil == nil && room > 0 else { return nil }
        let limit = min(room, Self.maximumLease)
        let rule = LeaseRule(destination, window: bounds.window)
        hasNews.store(false, ordering: .sequentiallyConsistent)
        let reply = environment.ledger.lease(
            destination: destination.name, limit: limit, rule: rule, request: requests.begin())
        // This process may be stopped for any time before it goes on: the lease begins no earlier than now.
        return Leasing(
            limit: limit, destination: destination, generation: generation,
            sendBy: now + rule.length - Self.sendMargin, reply: reply)
    }

    private func finish(_ leasing: Leasing) async throws -> Duration? {
        let lease = try await value(of: leasing.reply)
        requests.end()
        prepare(lease.deliveries, leasing)
        if !isStopping { sendReady() }
        // What came for a gateway that stops, or is ahead under a configuration that is no longer in force, is for others.
        if isStopping || leasing.generation != generation { handBack() }
        report(lease)
        let wait = min(lease.nextDue ?? Self.idleTime, Self.idleTime)
        if lease.isHeldBack { heldBackUntil = .now + wait }
        if lease.deliveries.count == leasing.limit { return room > 0 ? .zero : nil }
        return wait
    }

    // MARK: Sending

    /// Renders what was leased, for the configuration it was leased for.
    private func prepare(_ deliveries: [LeasedDelivery], _ leasing: Leasing) {
        let now = environment.clock()
        for delivery in deliveries {
            do throws(InvalidPayload) {
                let payload = try environment.payloads.value.payload(of: delivery, as: leasing.destination.payload)
                ready.append(
                    try HTTPRequest(
                        attempt: delivery, to: leasing.destination, payload: payload, now: now, sendBy: leasing.sendBy),
                    for: delivery)
            } catch {
                let unsendable = TransferError(code: .badRequest, message: "\(error)", requestSent: false)
                ended.append(EndedAttempt(delivery: delivery, result: .failure(unsendable)))
                isAwake = true
            }
        }
    }

    /// Sends what is ready, as far as there may be more requests under way.
    ///
    /// An answer that Redis does not have yet keeps its place: after a crash nobody knows of it, and no more than
    /// `concurrency` deliveries are sent again.
    private func sendReady() {
        let requests = ready.take(destination.concurrency - inFlight.count - ended.count)
        guard !requests.isEmpty else { return }
        environment.http.submit(
            requests.map { Transfer(token: takeToken(for: $0.delivery), request: $0.request) })
    }

    /// Lets others have what is ready and was not sent.
    private func handBack() {
        let unsent = ready.take(.max)
        guard !unsent.isEmpty else { return }
        let reason = TransferError(code: .cancelled, message: "handed back before it was sent", requestSent: false)
        ended += unsent.map { EndedAttempt(delivery: $0.delivery, result: .failure(reason)) }
        isAwake = true
    }

    private func takeToken(for delivery: LeasedDelivery) -> UInt64 {
        let token = UInt64(number) << 32 | nextToken
        nextToken = (nextToken + 1) & UInt64(UInt32.max)
        inFlight[token] = delivery
        return token
    }

    /// Takes in completions of its own transfers, from any thread.
    nonisolated func transfersEnded(_ completions: [Completion]) {
        environment.eventLoop.execute {
            self.assumeIsolated { $0.take(completions) }
        }
    }

    private func take(_ completions: [Completion]) {
        let first = ended.count
        for completion in completions {
            guard let delivery = inFlight.removeValue(forKey: completion.token) else { continue }
            ended.append(EndedAttempt(delivery: delivery, result: completion.result))
        }
        ready.learn(from: ended[first...], destination)
        wake()
    }

    // MARK: Recording

    private struct Recording {
        let attempts: [JudgedAttempt]
        let reply: EventLoopFuture<Settled>
    }

    /// Has the ledger record a batch of ended attempts, if there are any.
    private func beginRecording() -> Recording? {
        guard !ended.isEmpty else { return nil }
        let now = environment.clock()
        let attempts = ended.prefix(Ledger.maximumSettlements).map {
            $0.judged(by: destination, isStopping: isStopping, now: now, random: .random(in: 0..<1))
        }
        let reply = environment.ledger.settle(
            destination: destination.name, attempts.map(\.settlement), bounds: bounds,
            breaker: BreakerRule(destination.breaker), guardTime: destination.guardTime(window: bounds.window))
        return Recording(attempts: attempts, reply: reply)
    }

    /// Takes in that the ledger has recorded a batch; what it did not take stays.
    private func finish(_ recording: Recording) async throws {
        let settled = try await value(of: recording.reply)
        ended.removeFirst(recording.attempts.count)
        for (attempt, result) in zip(recording.attempts, settled.results) {
            attempt.report(result, to: environment.logger, metrics, destination: destination.name)
        }
        switch settled.breaker {
        case .opened: handBack()
        case .closed: heldBackUntil = nil
        case .none: break
        }
        report(settled.breaker)
        sendReady()
    }
}

// MARK: - Sleeping and waking

extension Dispatcher {
    /// Tells the dispatcher, from any thread, that something may be due.
    ///
    /// It is woken once for all that comes before it next asks for a lease: while it has no use for one, or may not have
    /// one, thousands of events cost it nothing.
    nonisolated func notify() {
        guard !hasNews.exchange(true, ordering: .acquiringAndReleasing) else { return }
        environment.eventLoop.execute { self.assumeIsolated { $0.wake() } }
    }

    /// Puts another configuration of the destination into force from the next lease on.
    func apply(_ destination: Destination, bounds: HistoryBounds) {
        self.destination = destination
        self.bounds = bounds
        generation += 1
        heldBackUntil = nil
        handBack()
        wake()
    }

    /// Leases nothing more; ``run()`` returns once the attempts under way are recorded.
    func stop() {
        isStopping = true
        handBack()
        wake()
    }

    private func wake() {
        isAwake = true
        sleeper?.resume()
        sleeper = nil
    }

    /// Sleeps until woken, at most for the time given; not at all if it was woken since it last slept.
    private func sleep(_ time: Duration?) async {
        defer { isAwake = false }
        guard !isAwake, time != .zero else { return }
        let timer = time.map { time in
            environment.eventLoop.scheduleTask(in: TimeAmount(time)) { self.assumeIsolated { $0.wake() } }
        }
        await withCheckedContinuation { sleeper = $0 }
        timer?.cancel()
    }

    /// Waits for a reply on its own executor; the future's `get()` would take it to another thread and back.
    private func value<Value: Sendable>(of reply: EventLoopFuture<Value>) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            reply.whenComplete { continuation.resume(with: $0) }
        }
    }

    /// Waits a moment whatever happens meanwhile.
    private func pause() async {
        let pause = environment.eventLoop.scheduleTask(in: TimeAmount(Self.redisPause)) {}
        try? await pause.futureResult.get()  // a timer cancelled by the end of the loop ends the pause too
    }
}
