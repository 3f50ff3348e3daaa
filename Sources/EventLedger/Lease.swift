import NIOCore
import Redis
import Webhooks

/// A delivery that this process may attempt until its lease runs out.
///
/// A class, for it passes through many hands and has many parts, each of which a copy of a structure would count.
package final class LeasedDelivery: Sendable {
    /// The event to deliver.
    package let event: Event
    /// Its type.
    package let type: String
    /// What it is about, in the sender's words, where it says so.
    package let subject: String?
    /// The number of this attempt, from 1; a replay begins anew.
    package let attempt: Int
    /// The fencing token of this lease, for ``Ledger/settle(destination:_:bounds:breaker:guardTime:)``: it grows with
    /// every lease.
    package let token: Int
    /// Whether a person had it delivered once more.
    package let isReplay: Bool
    /// Whether the lease before ran out without a word of what became of its attempt.
    package let repeatsUnknown: Bool
    /// When the event was accepted, in milliseconds of Redis' clock.
    package let receivedAt: Int64

    /// The event's source and id.
    package var reference: EventReference { EventReference(source: event.source, id: event.id) }

    /// Makes a delivery of what a lease brought.
    package init(
        event: Event, type: String, subject: String?, attempt: Int, token: Int, isReplay: Bool, repeatsUnknown: Bool,
        receivedAt: Int64
    ) {
        self.event = event
        self.type = type
        self.subject = subject
        self.attempt = attempt
        self.token = token
        self.isReplay = isReplay
        self.repeatsUnknown = repeatsUnknown
        self.receivedAt = receivedAt
    }
}

/// What a lease brought.
package struct Lease: Sendable {
    /// What became of a delivery that is not to be attempted.
    package struct Passed: Sendable, Equatable {
        /// Why a delivery is not attempted.
        package enum Reason: String, Sendable {
            /// Nothing was recorded of its last attempt, and the destination must never be called twice.
            case held
            /// The destination has had a later event of the same family and subject.
            case stale
        }

        /// The event.
        package let reference: EventReference
        /// Its type.
        package let type: String
        /// Why it is not attempted.
        package let reason: Reason
    }

    /// The deliveries to attempt now.
    package let deliveries: [LeasedDelivery]
    /// The deliveries that were settled instead.
    package let passed: [Passed]
    /// How long until the next delivery falls due, or nil where none waits or the destination is paused; zero or less
    /// where more are due now: for how long the first of them has been.
    package let nextDue: Duration?
    /// Whether nothing may be taken before ``nextDue``, whatever else falls due: the destination is paused, at its rate
    /// limit, or its breaker is open.
    package let isHeldBack: Bool
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

/// How deliveries of a destination are leased.
package struct LeaseRule: Sendable {
    /// How long a lease lasts: longer than an attempt can take.
    package let length: Duration
    /// The bound of leases over all processes; nil means none.
    package let rate: LeaseRate?
    /// Whether an attempt that nothing was recorded of is held for a person, and not repeated.
    package let holdsUnknown: Bool
    /// Whether updates that are older than an event delivered for the same subject are left out.
    package let skipsStale: Bool
    /// How long an id stays claimed, in seconds, where a lease settles the last delivery of an event.
    package let window: Int

    /// Sets the rule.
    package init(
        length: Duration, rate: LeaseRate? = nil, holdsUnknown: Bool = false, skipsStale: Bool = false, window: Int
    ) {
        self.length = length
        self.rate = rate
        self.holdsUnknown = holdsUnknown
        self.skipsStale = skipsStale
        self.window = window
    }
}

/// The lease requests of one dispatcher: each has a number, and each tells whether the reply to the one before came.
///
/// Deliveries leased by a request whose reply was lost are handed back by the next one, and a request that arrives after
/// its successor leases nothing.
package struct LeaseRequests: Sendable {
    /// A name that no other dispatcher of any process has.
    package let dispatcher: String
    private(set) var number = 0
    /// Whether the reply to the latest request has not come.
    package private(set) var isReplyMissing = false

    /// - Parameter dispatcher: a name that no other dispatcher of any process has, without spaces.
    package init(dispatcher: String) {
        self.dispatcher = dispatcher
    }

    /// Counts a request that is about to be sent.
    package mutating func begin() -> LeaseRequest {
        defer { isReplyMissing = true }
        number += 1
        return LeaseRequest(dispatcher: dispatcher, number: number, isReplyMissing: isReplyMissing)
    }

    /// Notes that the reply has come.
    package mutating func end() {
        isReplyMissing = false
    }
}

/// One lease request of a dispatcher.
package struct LeaseRequest: Sendable {
    let dispatcher: String
    let number: Int
    /// Whether the reply to the one before never came.
    let isReplyMissing: Bool
}

extension Ledger {
    /// After how many bytes of bodies a lease takes no more, so that a reply stays small; one body may exceed it.
    package static let maximumLeaseBytes = 4 << 20

    /// Takes deliveries of a destination that are due.
    ///
    /// A delivery whose lease runs out without a settlement falls due again, for any process. The future fails with a
    /// ``RedisError`` where Redis is away; what a lost reply has leased is handed back by the next request.
    /// - Parameters:
    ///   - limit: how many deliveries to take at the most; none hands back what a lost reply has leased, no more.
    ///   - request: the next one of this dispatcher; once the reply has come, ``LeaseRequests/end()`` is called.
    package func lease(
        destination: String, limit: Int, rule: LeaseRule, request: LeaseRequest
    ) -> EventLoopFuture<Lease> {
        list(
            Scripts.lease,
            keys: [
                keyspace.dueWord(destination), .string(keyspace.pending), .string(keyspace.rate(destination)),
                .string(keyspace.breaker(destination)), .string(keyspace.paused),
                .string(keyspace.lease(destination, dispatcher: request.dispatcher)),
            ],
            arguments: [
                .string(keyspace.base), .string(destination), .integer(limit), .integer(rule.length.milliseconds),
                .integer(Self.maximumLeaseBytes), .string(rule.rate.map { "\($0.perSecond / 1000)" } ?? ""),
                .string(rule.rate.map { "\($0.burst)" } ?? ""), .integer(request.number),
                request.isReplyMissing ? "lost" : "", rule.holdsUnknown ? "hold" : "retry",
                rule.skipsStale ? "guard" : "", .integer(rule.window),
            ], read: Self.lease)
    }

    private static func lease(_ items: [RedisValue]) throws -> Lease {
        guard items.count >= 2, items[0].isNull || items[0].integer != nil, let isHeldBack = items[1].integer else {
            throw LedgerError(script: "lease")
        }
        var deliveries: [LeasedDelivery] = []
        var passed: [Lease.Passed] = []
        deliveries.reserveCapacity(items.count - 2)
        for item in items.dropFirst(2) {
            guard case .array(let fields) = item else { throw LedgerError(script: "lease") }
            if fields.count == 3 {
                passed.append(try Self.passed(fields))
            } else {
                deliveries.append(try Self.delivery(fields))
            }
        }
        return Lease(
            deliveries: deliveries, passed: passed, nextDue: items[0].integer.map { .milliseconds($0) },
            isHeldBack: isHeldBack == 1)
    }

    private static func passed(_ fields: [RedisValue]) throws -> Lease.Passed {
        guard let reference = fields[0].string.flatMap(EventReference.init(member:)),
            let reason = fields[1].string.flatMap(Lease.Passed.Reason.init), case .bulk(let packed) = fields[2],
            let (head, _) = EventHead.unpack(packed)
        else { throw LedgerError(script: "lease") }
        return Lease.Passed(reference: reference, type: head.type, reason: reason)
    }

    private static func delivery(_ fields: [RedisValue]) throws -> LeasedDelivery {
        guard fields.count == 7, let reference = fields[0].string.flatMap(EventReference.init(member:)),
            let token = fields[1].integer, let unmade = fields[2].integer, let flags = fields[3].string,
            case .bulk(let packed) = fields[5], let (head, receivedAt) = EventHead.unpack(packed),
            case .bulk(let body) = fields[6]
        else { throw LedgerError(script: "lease") }
        let event = Event(
            source: reference.source, id: reference.id, type: head.type, subject: head.subject, time: head.time,
            contentType: head.contentType, signedTimestamp: head.signedTimestamp, traceparent: head.traceparent,
            body: body.withUnsafeReadableBytes { Array($0) })
        return LeasedDelivery(
            event: event, type: head.type, subject: head.subject, attempt: Int(token - unmade), token: Int(token),
            isReplay: flags.utf8.contains(UInt8(ascii: "r")), repeatsUnknown: fields[4] == .integer(1),
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
