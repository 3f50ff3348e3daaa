import Curl
import EventLedger
import GatewayConfiguration

/// The requests of a destination that are leased and rendered, and not sent, and how many there may be.
///
/// While a destination is quick, as many as it has under way are leased ahead, so that the next request is there when the
/// answer to one is recorded. They count as under way for everybody else, therefore a destination that is slow, or whose deliveries are
/// counted, ordered, held or left out, gets none.
struct ReadyRequests {
    /// How many deliveries are leased ahead at the most.
    static let maximumAhead = 128
    /// Which part of what is free is kept for what is queued.
    static let keptPart = 8
    /// The longest attempt of the latest ones with which deliveries are leased ahead.
    static let quickTime = Duration.milliseconds(100)

    private var requests: [(delivery: LeasedDelivery, request: HTTPRequest)] = []
    private var isQuick = false

    /// How many there are.
    var count: Int { requests.count }

    /// How many more are of use.
    ///
    /// Those ahead are leased by halves: many in one call.
    func room(concurrency: Int, inFlight: Int) -> Int {
        let free = concurrency - inFlight - requests.count
        let ahead = ahead(concurrency)
        return free > 0 || requests.count <= ahead / 2 ? free + ahead : 0
    }

    /// How many the front door may lease: most of those that are free, for an eighth is kept for what is queued.
    ///
    /// It reaches half as far ahead as ``room(concurrency:inFlight:)``, which asks for nothing while more than half are
    /// there: otherwise the front door could fill the other half for ever, and what is queued would never be looked for.
    func openings(concurrency: Int, inFlight: Int) -> Int {
        let free = concurrency + ahead(concurrency) / 2 - inFlight - requests.count
        return max(0, free - max(1, free / Self.keptPart))
    }

    private func ahead(_ concurrency: Int) -> Int { isQuick ? min(concurrency, Self.maximumAhead) : 0 }

    mutating func append(_ request: HTTPRequest, for delivery: LeasedDelivery) {
        requests.append((delivery, request))
    }

    /// Takes the first so many out.
    mutating func take(_ count: Int) -> [(delivery: LeasedDelivery, request: HTTPRequest)] {
        guard count > 0, !requests.isEmpty else { return [] }
        let taken = Array(requests.prefix(count))
        requests.removeFirst(taken.count)
        return taken
    }

    /// Learns from attempts that have ended.
    mutating func learn(from ended: some Collection<EndedAttempt>, _ destination: Destination) {
        isQuick =
            destination.isUnconditional && ended.allSatisfy { $0.isDelivered && $0.duration < Self.quickTime }
    }
}

extension Destination {
    /// Whether it is the same to its deliveries when they are leased.
    var isUnconditional: Bool {
        rateLimit == nil && ordering == .none && !skipStale && onUnknown == .retry
    }
}

extension EndedAttempt {
    fileprivate var isDelivered: Bool {
        guard case .success(let response) = result else { return false }
        return (200..<300).contains(response.status)
    }
}
