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
/// come in while it waits for Redis and are recorded together: the busier it is, the larger its batches.
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
    private let wakeRequested = Atomic(false)
    private var requests = LeaseRequests(dispatcher: String(UInt64.random(in: 0 ... .max), radix: 36))
    private(set) var destination: Destination
    private var bounds: HistoryBounds
    private var inFlight: [UInt64: LeasedDelivery] = [:]
    private var nextToken: UInt64 = 0
    private var ended: [EndedAttempt] = []
    private var isStopping = false
    private var redisFailed = false
    private var sleeper: CheckedContinuation<Void, Never>?
    private var isAwake = false

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

    /// Records what has ended, then leases what is due: never the other way round, so that an answer is not overtaken
    /// by a repetition.
    /// - Returns: how long to sleep; nil until something happens.
    private func turn() async throws -> Duration? {
        while !ended.isEmpty { try await record() }
        // The lease is as long as this configuration's timeout: what it brings must not go by another one.
        let destination = destination
        let free = destination.concurrency - inFlight.count
        // At the end only what a lost reply has leased is asked about: a lease of none hands it back.
        guard isStopping ? requests.isReplyMissing : free > 0 else { return nil }
        let limit = isStopping ? 0 : min(free, Self.maximumLease)
        let rule = LeaseRule(destination, window: bounds.window)
        // This process may have been stopped for any time before it goes on: the lease began no earlier than this.
        let leaseEnd = ContinuousClock.now + rule.length
        let lease = try await lease(limit: limit, rule: rule)
        send(lease.deliveries, to: destination, by: leaseEnd - Self.sendMargin)
        report(lease)
        if lease.deliveries.count == limit { return free > limit ? .zero : nil }
        return min(lease.nextDue ?? Self.idleTime, Self.idleTime)
    }

    private func lease(limit: Int, rule: LeaseRule) async throws -> Lease {
        // A copy, for an actor's own property cannot be lent over a wait; nothing else leases meanwhile.
        var requests = requests
        defer { self.requests = requests }
        return try await environment.ledger.lease(
            destination: destination.name, limit: limit, rule: rule, requests: &requests)
    }

    private func send(
        _ deliveries: [LeasedDelivery], to destination: Destination, by sendBy: ContinuousClock.Instant
    ) {
        guard !deliveries.isEmpty else { return }
        let now = environment.clock()
        var transfers: [Transfer] = []
        for delivery in deliveries {
            do throws(InvalidPayload) {
                let request = try HTTPRequest(attempt: delivery, to: destination, now: now, sendBy: sendBy)
                transfers.append(Transfer(token: takeToken(for: delivery), request: request))
            } catch {
                let unsendable = TransferError(code: .badRequest, message: "\(error)", requestSent: false)
                ended.append(EndedAttempt(delivery: delivery, result: .failure(unsendable)))
            }
        }
        if !ended.isEmpty { isAwake = true }
        environment.http.submit(transfers)
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
            self.assumeIsolated { dispatcher in
                for completion in completions {
                    guard let delivery = dispatcher.inFlight.removeValue(forKey: completion.token) else { continue }
                    dispatcher.ended.append(EndedAttempt(delivery: delivery, result: completion.result))
                }
                dispatcher.wake()
            }
        }
    }

    /// Has the ledger record a batch of ended attempts; what it did not take stays.
    private func record() async throws {
        let batch = Array(ended.prefix(Ledger.maximumSettlements))
        let now = environment.clock()
        let judged = batch.map {
            $0.judged(by: destination, isStopping: isStopping, now: now, random: .random(in: 0..<1))
        }
        let settled = try await environment.ledger.settle(
            destination: destination.name, judged.map(\.settlement), bounds: bounds,
            breaker: BreakerRule(destination.breaker), guardTime: destination.guardTime(window: bounds.window))
        ended.removeFirst(batch.count)
        for (attempt, result) in zip(judged, settled.results) {
            attempt.report(result, to: environment.logger, metrics, destination: destination.name)
        }
        report(settled.breaker)
    }
}

// MARK: - Sleeping and waking

extension Dispatcher {
    /// Tells the dispatcher, from any thread, that something may be due. Calls before it looks again are one.
    nonisolated func notify() {
        guard !wakeRequested.exchange(true, ordering: .acquiringAndReleasing) else { return }
        environment.eventLoop.execute { self.assumeIsolated { $0.wake() } }
    }

    /// Puts another configuration of the destination into force from the next lease on.
    func apply(_ destination: Destination, bounds: HistoryBounds) {
        self.destination = destination
        self.bounds = bounds
        wake()
    }

    /// Leases nothing more; ``run()`` returns once the attempts under way are recorded.
    func stop() {
        isStopping = true
        wake()
    }

    private func wake() {
        wakeRequested.store(false, ordering: .releasing)
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

    /// Waits a moment whatever happens meanwhile.
    private func pause() async {
        let pause = environment.eventLoop.scheduleTask(in: TimeAmount(Self.redisPause)) {}
        try? await pause.futureResult.get()  // a timer cancelled by the end of the loop ends the pause too
    }
}

/// What all dispatchers work with.
struct DispatchEnvironment: Sendable {
    let ledger: Ledger
    /// The loop on which the ledger's connection lives.
    let eventLoop: any EventLoop
    let http: CurlLoop
    let metrics: Metrics
    let logger: Logger
    /// Seconds since 1970.
    let clock: @Sendable () -> Int64
}
