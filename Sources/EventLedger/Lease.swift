import NIOCore
import Redis
import Webhooks

/// A delivery that this process may attempt until its lease runs out.
package struct LeasedDelivery: Sendable {
    /// The event to deliver.
    package let event: Event
    /// Its type.
    package let type: String
    /// What it is about, in the sender's words, where it says so.
    package let subject: String?
    /// The number of this attempt, from 1.
    package let attempt: Int
    /// The fencing token of this lease, for ``Ledger/settle(destination:_:bounds:)``: it grows with every lease.
    package let token: Int
    /// When the event was accepted, in milliseconds of Redis' clock.
    package let receivedAt: Int64

    /// The event's source and id.
    package var reference: EventReference { EventReference(source: event.source, id: event.id) }
}

/// What a lease brought.
package struct Lease: Sendable {
    /// The deliveries to attempt now.
    package let deliveries: [LeasedDelivery]
    /// How long until the next delivery falls due, or nil where none waits; zero where more are due now.
    package let nextDue: Duration?
}

/// How many attempts all processes together may make.
package struct LeaseRate: Sendable, Equatable {
    /// Attempts for each second, 0 or more.
    package let perSecond: Double

    /// Sets the rate.
    package init(perSecond: Double) {
        self.perSecond = perSecond
    }

    /// How many attempts may come at once: those of a tenth of a second, and never less than one, unless none may.
    package var burst: Double { perSecond > 0 ? max(1, perSecond / 10) : 0 }
}

extension Ledger {
    /// After how many bytes of bodies a lease takes no more, so that a reply stays small; one body may exceed it.
    package static let maximumLeaseBytes = 4 << 20

    /// Takes deliveries of a destination that are due, and counts the attempt.
    ///
    /// A delivery whose lease runs out without a settlement falls due again, for any process.
    /// - Parameters:
    ///   - limit: how many deliveries to take at the most.
    ///   - length: how long the lease lasts: longer than an attempt can take.
    ///   - rate: the bound of leases over all processes; nil means none.
    /// - Throws: ``RedisError`` where Redis is away; deliveries leased by a lost reply fall due again later.
    package func lease(
        destination: String, limit: Int, length: Duration, rate: LeaseRate? = nil
    ) async throws -> Lease {
        let reply =
            try await connection.evaluate(
                Scripts.lease,
                keys: [
                    .string(keyspace.due(destination)), .string(keyspace.pending), .string(keyspace.rate(destination)),
                    .string(keyspace.breaker(destination)),
                ],
                arguments: [
                    .string(destination), .integer(limit), .integer(length.milliseconds), .string(keyspace.events),
                    .integer(Self.maximumLeaseBytes), .string(rate.map { "\($0.perSecond / 1000)" } ?? ""),
                    .string(rate.map { "\($0.burst)" } ?? ""),
                ]
            ) as RedisValue
        guard case .array(let items) = reply, let wait = items.first?.integer else {
            throw LedgerError(script: "lease")
        }
        return Lease(
            deliveries: try items.dropFirst().map(Self.delivery),
            nextDue: wait < 0 ? nil : .milliseconds(wait))
    }

    private static func delivery(_ reply: RedisValue) throws -> LeasedDelivery {
        guard case .array(let fields) = reply, fields.count == 10,
            let reference = fields[0].string.flatMap(EventReference.init(member:)),
            let token = fields[1].integer, let notMade = fields[2].string.flatMap(Int64.init),
            let type = fields[3].string,
            let timestamp = fields[7].string.flatMap(Int64.init), let receivedAt = fields[8].string.flatMap(Int64.init),
            case .bulk(let body) = fields[9]
        else { throw LedgerError(script: "lease") }
        func text(_ index: Int) -> String? { fields[index].string.flatMap { $0.isEmpty ? nil : $0 } }
        let event = Event(
            source: reference.source, id: reference.id, contentType: text(5), signedTimestamp: timestamp,
            traceparent: text(6), body: Array(body.readableBytesView))
        return LeasedDelivery(
            event: event, type: type, subject: text(4), attempt: Int(token - notMade), token: Int(token),
            receivedAt: receivedAt)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that what must not be early is not.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        return Int(seconds) * 1000 + Int((attoseconds + perMillisecond - 1) / perMillisecond)
    }
}
