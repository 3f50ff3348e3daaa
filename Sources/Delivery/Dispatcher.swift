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
    /// How long nothing else is looked for, while the front door leases, unless there is news: what other processes
    /// queue may wait so long.
    static let lookInterval = Duration.milliseconds(20)
    /// How long a delivery may have been due while the front door leases others, which are sent before it.
    static let patience = Duration.milliseconds(250)
    /// How long to wait before Redis is asked again after it failed.
    static let redisPause = Duration.milliseconds(250)

    nonisolated let unownedExecutor: UnownedSerialExecutor
    /// What the front door may lease for it.
    nonisolated let openings = DispatcherOpenings()
    /// Distinguishes this dispatcher's tokens from those of others.
    nonisolated let number: UInt32
    let environment: DispatchEnvironment
    let metrics: DestinationMetrics
    /// Whether something was queued since the latest lease was asked for.
    let hasNews = Atomic(false)
    var requests = LeaseRequests(dispatcher: String(UInt64.random(in: 0 ... .max), radix: 36))
    var destination: Destination
    /// How often the destination was configured anew.
    var generation = 0
    /// How often its breaker has opened: what was leased before and not sent is for the probes.
    var breakerOpenings = 0
    var bounds: HistoryBounds
    /// How many are leased whose events are being read.
    var reading = 0
    /// Leased and rendered, in the order in which they are to be sent.
    var ready = ReadyRequests()
    var inFlight: [UInt64: LeasedDelivery] = [:]
    var nextToken: UInt64 = 0
    var ended: [EndedAttempt] = []
    var isStopping = false
    var redisFailed = false
    var sleeper: CheckedContinuation<Void, Never>?
    var isAwake = false
    /// Until when nothing may be leased, whatever is queued; nil where there is no such time.
    var heldBackUntil: ContinuousClock.Instant?
    /// When Redis was last asked for what is due, and when it is to be asked again though there be no news: nothing is
    /// known to fall due before.
    var latestLook = ContinuousClock.now
    var nextLook = ContinuousClock.now
    /// Whether more is queued than there is time for.
    var isBehind = false

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
                if isStopping, isDone { return }
                await sleep(nextDue)
            } catch {
                if !redisFailed {
                    environment.logger.warning(
                        "deliveries wait for Redis",
                        metadata: ["destination": .string(destination.name), "reason": .string("\(error)")])
                }
                redisFailed = true
                openings.withdraw()
                // What only a lost reply has leased is not worth waiting for: its lease runs out by itself.
                if isStopping, isDone { return }
                guard !Task.isCancelled else { return abandon() }
                await pause()
            }
        }
    }

    /// Whether nothing is under way any more.
    var isDone: Bool { reading == 0 && inFlight.isEmpty && ended.isEmpty && openings.taken == 0 }

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
        offerOpenings()
        return rest
    }

    /// How long there is nothing to do unless something happens; nil where something has to happen.
    var rest: Duration? {
        if let heldBackUntil { return max(.zero, heldBackUntil - .now) }
        if room > 0 { return max(.zero, nextLook - .now) }
        // Openings that are taken may come back unused, and nobody would tell.
        return openings.taken > 0 ? max(Self.lookInterval, nextLook - .now) : nil
    }
}
