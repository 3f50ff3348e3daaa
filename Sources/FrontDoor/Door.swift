import EventLedger
import GatewayConfiguration
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry

/// What all connections of the front door share.
final class Door: Sendable {
    private struct State {
        var plan: DoorPlan
        var phase = Phase.closed
    }

    /// The life of the door.
    enum Phase {
        /// It does not listen yet.
        case closed
        /// It takes events.
        case open
        /// New requests are turned away.
        case draining
    }

    private let state: Mutex<State>
    /// What becomes of a connection that comes in.
    enum Entry {
        /// It is served.
        case open
        /// It is told to come again.
        case turnedAway
        /// It is closed at once: too many are being turned away.
        case dropped
    }

    /// How many connections beyond the limit may be open at a time, for as long as it takes to tell them.
    static let maximumTurnedAway = 1024

    private let openConnections = Atomic(0)
    private let turnedAway = Atomic(0)
    private let refusalLog = RefusalLog()
    /// How many connections, or requests behind a proxy, each address has.
    let addresses = AddressCounts()
    private let drained = AsyncStream<Never>.makeStream()
    private let metrics: Metrics
    private let logger: Logger
    private let onQueued: @Sendable ([String]) -> Void
    private let opening: @Sendable (String, any EventLoop) -> (any Opening)?
    /// Seconds since 1970.
    let clock: @Sendable () -> Int64

    init(
        configuration: GatewayConfiguration, metrics: Metrics, logger: Logger, clock: @escaping @Sendable () -> Int64,
        onQueued: @escaping @Sendable ([String]) -> Void,
        opening: @escaping @Sendable (String, any EventLoop) -> (any Opening)?
    ) throws {
        state = Mutex(State(plan: try DoorPlan(configuration, metrics: metrics)))
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
        self.onQueued = onQueued
        self.opening = opening
    }

    /// The plan in force; a request keeps the one it began with.
    var plan: DoorPlan { state.withLock { $0.plan } }

    var phase: Phase { state.withLock { $0.phase } }

    /// Whether new requests are turned away.
    var isDraining: Bool { phase == .draining }

    /// - Throws: ``TLSError``, and nothing changes.
    func apply(_ configuration: GatewayConfiguration) throws {
        let plan = try DoorPlan(configuration, metrics: metrics)
        state.withLock { $0.plan = plan }
    }

    /// Notes that the door listens.
    func open() {
        state.withLock { $0.phase = .open }
    }

    /// Turns new requests away from now on.
    func beginDraining() {
        state.withLock { $0.phase = .draining }
        if openConnections.load(ordering: .sequentiallyConsistent) == 0 { drained.continuation.finish() }
    }

    /// Waits, once draining has begun, for the last connection to close.
    func waitUntilDrained() async {
        for await _ in drained.stream {}
    }

    /// Counts a connection in.
    /// - Parameter isWelcome: whether it may be served if there are not too many.
    func connectionOpened(isWelcome: Bool) -> Entry {
        let open = openConnections.add(1, ordering: .sequentiallyConsistent).newValue
        if isWelcome, open - turnedAway.load(ordering: .relaxed) <= plan.maximumConnections { return .open }
        let turned = turnedAway.add(1, ordering: .relaxed).newValue
        return turned <= Self.maximumTurnedAway ? .turnedAway : .dropped
    }

    /// Counts a connection out.
    /// - Parameter entry: what ``connectionOpened(isWelcome:)`` returned.
    func connectionClosed(_ entry: Entry) {
        if entry != .open { turnedAway.subtract(1, ordering: .relaxed) }
        let left = openConnections.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, isDraining { drained.continuation.finish() }
    }

    /// Records a sender's question that was answered.
    func challenged(source: String) {
        metrics.event(source: source, outcome: .challenge)
        logger.notice("challenge answered", metadata: ["source": .string(source)])
    }

    /// Records a request that was refused before Redis was asked.
    /// - Parameter client: the address that it came from.
    func refused(source: String?, outcome: EventOutcome, client: String) {
        metrics.event(source: source, outcome: outcome)
        guard let omitted = refusalLog.take(now: clock()) else { return }
        if omitted > 0 {
            logger.warning("refusals are not all logged", metadata: ["omitted": .stringConvertible(omitted)])
        }
        var metadata: Logger.Metadata = ["outcome": .string(outcome.rawValue), "client": .string(client)]
        if let source { metadata["source"] = .string(source) }
        logger.notice("refused", metadata: metadata)
    }

    /// Counts a connection that is closed without a word, and without a line in the log: there are too many of them.
    func dropped() {
        metrics.event(source: nil, outcome: .unavailable)
    }

    /// Takes the openings that dispatchers have for an event, on an event loop.
    func openings(for event: NewEvent, on loop: any EventLoop) -> Openings {
        Openings(for: event) { opening($0, loop) }
    }

    /// Turns the ledger's word on an event into the answer, and records it.
    /// - Parameters:
    ///   - openings: those that the claim was made with.
    ///   - client: the address that it came from.
    func claimed(
        _ event: NewEvent, _ openings: Openings, result: Result<ClaimResult, any Error>, duration: TimeAmount,
        client: String
    ) -> Answer {
        let reference = event.reference
        let queued = openings.settle(event, result)
        // Built for a line that is written only.
        func metadata(_ further: Logger.Metadata = [:]) -> Logger.Metadata {
            let own: Logger.Metadata = [
                "source": .string(reference.source), "id": .string(reference.id), "type": .string(event.head.type),
                "client": .string(client),
            ]
            return further.isEmpty ? own : own.merging(further) { $1 }
        }
        defer { metrics.accept(seconds: Double(duration.nanoseconds) / 1e9) }
        switch result {
        case .success(.claimed) where event.targets.isEmpty:
            metrics.event(source: reference.source, outcome: .ignored)
            logger.info("ignored", metadata: metadata())
            return .ignored(id: reference.id)
        case .success(.claimed), .success(.leased):
            metrics.event(source: reference.source, outcome: .accepted)
            var accepted = metadata()
            accepted["destinations"] = .array(event.targets.map { .string($0.name) })
            logger.info("accepted", metadata: accepted)
            if !queued.isEmpty { onQueued(queued) }
            return .accepted(id: reference.id)
        case .success(.duplicate):
            metrics.event(source: reference.source, outcome: .duplicate)
            logger.debug("duplicate", metadata: metadata())
            return .duplicate(id: reference.id)
        case .success(.full(let destination)):
            var why: Logger.Metadata = ["reason": "max_pending deliveries are waiting"]
            if let destination { why["destination"] = .string(destination) }
            return unavailable(metadata(why))
        case .failure(let error):
            return unavailable(metadata(["reason": .string("\(error)")]))
        }
    }

    private func unavailable(_ metadata: Logger.Metadata) -> Answer {
        metrics.event(source: metadata["source"].map { "\($0)" }, outcome: .unavailable)
        logger.warning("not accepted", metadata: metadata)
        return .unavailable
    }
}
