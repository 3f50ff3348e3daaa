import EventLedger
import NIOCore
import Testing

extension AdminBench {
    /// Has events accepted, in order.
    func claim(
        _ ids: [String], type: String = "user.created", source: String = "clerk", to destinations: [String],
        body: ByteBuffer = ByteBuffer(string: "{}")
    ) async throws {
        let claims = ids.map { id in
            ledger.claim(
                NewEvent(
                    reference: EventReference(source: source, id: id),
                    head: EventHead(
                        type: type, subject: "user_1", contentType: "application/json", traceparent: nil,
                        signedTimestamp: 1_654_012_591, time: 1_654_012_591_835),
                    body: body, targets: destinations.map { NewEvent.Target(name: $0) }),
                limits: ClaimLimits(window: 86_400, maximumPending: 100_000))
        }
        for claim in claims { #expect(try await claim.get() == .claimed) }
    }

    /// Has everything that is due at a destination come to an end, as many deliveries in one moment as the ledger takes.
    /// - Returns: the ids.
    @discardableResult
    func settle(
        _ destination: String, as verdict: Settlement.Verdict, answer: String = "422", body: String = "no"
    ) async throws -> [String] {
        var requests = LeaseRequests(dispatcher: "test")
        var ids: [String] = []
        while true {
            let lease = try await ledger.lease(
                destination: destination, limit: Ledger.maximumSettlements,
                rule: LeaseRule(length: .seconds(60), window: 86_400), requests: &requests)
            guard !lease.deliveries.isEmpty else { return ids }
            let settlements = lease.deliveries.map {
                Settlement(
                    reference: $0.reference, token: $0.token, verdict: verdict, answer: answer,
                    answerBody: Array(body.utf8), duration: .milliseconds(7))
            }
            _ = try await ledger.settle(
                destination: destination, settlements,
                bounds: HistoryBounds(window: 86_400, time: .seconds(3600), events: 10_000),
                breaker: BreakerRule(failures: 100_000, probe: .seconds(1), probeMaximum: .seconds(1)))
            ids += lease.deliveries.map(\.event.id)
        }
    }

    /// How many deliveries of a destination stand in a set.
    func count(_ set: Ledger.DeliverySet, of destination: String) async throws -> Int {
        let backlog = try await ledger.backlog(destination: destination)
        return switch set {
        case .pending: backlog.pending
        case .dead: backlog.deadLetters
        case .unknown: backlog.held
        }
    }
}
