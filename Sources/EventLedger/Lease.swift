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

/// A delivery as a lease brings it: without the body of its event, which
/// ``Ledger/readEvent(of:completion:)`` reads.
package struct DueDelivery: Sendable {
    /// The event's source and id.
    package let reference: EventReference
    /// The number of this attempt, from 1; a replay begins anew.
    package let attempt: Int
    /// The fencing token of this lease.
    package let token: Int
    /// Whether a person had it delivered once more.
    package let isReplay: Bool
    /// Whether the lease before ran out without a word of what became of its attempt.
    package let repeatsUnknown: Bool
    /// When the event was accepted, in milliseconds of Redis' clock: it tells the event from one of the same id that was
    /// forgotten before.
    package let receivedAt: Int64
    /// How many bytes the body has; nil where an earlier version stored it.
    package let bodyLength: Int?
    private let head: ByteBuffer

    /// Reads one; nil where a part is not what the scripts and this program write.
    fileprivate init?(_ member: RedisValue, ranOut: RedisValue, state: RedisValue, head: RedisValue) {
        guard let reference = member.string.flatMap(EventReference.init(member:)), let ranOut = ranOut.integer,
            case .bulk(let state) = state, let counts = LeaseCounts(state), case .bulk(let head) = head,
            let (receivedAt, bodyLength) = EventHead.measure(head)
        else { return nil }
        self.reference = reference
        token = counts.ended + 1
        attempt = token - counts.unmade
        isReplay = counts.isReplay
        repeatsUnknown = ranOut == 1
        self.receivedAt = receivedAt
        self.bodyLength = bodyLength
        self.head = head
    }

    /// The event's type, for a message; empty where it cannot be read.
    package var type: String { EventHead.unpack(head)?.head.type ?? "" }

    fileprivate func event(body: ByteBuffer) -> Result<Event, StoredEventError> {
        guard let (head, _) = EventHead.unpack(head) else {
            return .failure(.damaged("what is kept of the event beside its body cannot be read"))
        }
        return .success(
            Event(
                source: reference.source, id: reference.id, type: head.type, subject: head.subject, time: head.time,
                contentType: head.contentType, signedTimestamp: head.signedTimestamp, traceparent: head.traceparent,
                body: body.withUnsafeReadableBytes { Array($0) }))
    }
}

/// Why an event cannot be read.
package enum StoredEventError: Error, Equatable {
    /// Redis has not answered: it may do so later.
    case unanswered
    /// What is kept is not an event, for the reason given; trying again cannot help.
    case damaged(String)
}

extension LeasedDelivery {
    /// Completes what a lease brought by its event.
    package convenience init(_ due: DueDelivery, of event: Event) {
        self.init(
            event: event, type: event.type, subject: event.subject, attempt: due.attempt, token: due.token,
            isReplay: due.isReplay, repeatsUnknown: due.repeatsUnknown, receivedAt: due.receivedAt)
    }

    /// Makes a delivery of what a lease brought and whose event could not be read: to be settled, and never sent.
    package convenience init(unread due: DueDelivery) {
        let type = due.type
        self.init(
            due,
            of: Event(
                source: due.reference.source, id: due.reference.id, type: type, subject: nil, time: 0, contentType: nil,
                signedTimestamp: 0, traceparent: nil, body: []))
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
    package let deliveries: [DueDelivery]
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
                .string(rule.rate.map { "\($0.perSecond / 1000)" } ?? ""),
                .string(rule.rate.map { "\($0.burst)" } ?? ""), .integer(request.number),
                request.isReplyMissing ? "lost" : "", rule.holdsUnknown ? "hold" : "retry",
                rule.skipsStale ? "guard" : "", .integer(rule.window),
            ], read: Self.lease)
    }

    /// Reads the event of a delivery, with its body to the letter.
    ///
    /// To be called on the event loop of the connection.
    /// - Parameter completion: called on that loop, once.
    package func readEvent(
        of due: DueDelivery, completion: @escaping (Result<Event, StoredEventError>) -> Void
    ) {
        let reply = connection.send(["HGET", keyspace.eventWord(due.reference), "b"]) as EventLoopFuture<RedisValue>
        reply.assumeIsolated().whenComplete { reply in
            switch reply {
            case .success(.bulk(let body)): completion(due.event(body: body))
            case .success: completion(.failure(.damaged("the body of the event is gone")))
            case .failure: completion(.failure(.unanswered))
            }
        }
    }

    private static func lease(_ items: [RedisValue]) throws -> Lease {
        guard items.count >= 2, items.count % 4 == 2, items[0].isNull || items[0].integer != nil,
            let isHeldBack = items[1].integer
        else { throw LedgerError(script: "lease") }
        var deliveries: [DueDelivery] = []
        var passed: [Lease.Passed] = []
        deliveries.reserveCapacity(items.count / 4)
        for index in stride(from: 2, to: items.count, by: 4) {
            let (member, what, state, head) = (items[index], items[index + 1], items[index + 2], items[index + 3])
            if case .integer = what {
                guard let due = DueDelivery(member, ranOut: what, state: state, head: head) else {
                    throw LedgerError(script: "lease")
                }
                deliveries.append(due)
            } else {
                passed.append(try Self.passed(member, what, head))
            }
        }
        return Lease(
            deliveries: deliveries, passed: passed, nextDue: items[0].integer.map { .milliseconds($0) },
            isHeldBack: isHeldBack == 1)
    }

    private static func passed(_ member: RedisValue, _ what: RedisValue, _ head: RedisValue) throws -> Lease.Passed {
        guard let reference = member.string.flatMap(EventReference.init(member:)),
            let reason = what.string.flatMap(Lease.Passed.Reason.init), case .bulk(let packed) = head,
            let (head, _) = EventHead.unpack(packed)
        else { throw LedgerError(script: "lease") }
        return Lease.Passed(reference: reference, type: head.type, reason: reason)
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
