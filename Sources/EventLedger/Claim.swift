import NIOCore
import Redis

/// An event that the front door has verified and routed.
package struct NewEvent: Sendable {
    /// The event's source and id.
    package let reference: EventReference
    /// Its type.
    package let type: String
    /// What it is about, in the sender's words, where it says so.
    package let subject: String?
    /// The content type that came with it.
    package let contentType: String?
    /// The trace it belongs to.
    package let traceparent: String
    /// The signed timestamp, in seconds since 1970.
    package let signedTimestamp: Int64
    /// The raw body.
    package let body: ByteBuffer
    /// The destinations it goes to; empty where no route matches.
    package let destinations: [String]

    /// Puts an event together.
    package init(
        reference: EventReference, type: String, subject: String?, contentType: String?, traceparent: String,
        signedTimestamp: Int64, body: ByteBuffer, destinations: [String]
    ) {
        self.reference = reference
        self.type = type
        self.subject = subject
        self.contentType = contentType
        self.traceparent = traceparent
        self.signedTimestamp = signedTimestamp
        self.body = body
        self.destinations = destinations
    }
}

/// What a claim came to.
package enum ClaimResult: Sendable, Equatable {
    /// The id is new: it is claimed, and every delivery is queued.
    case claimed
    /// The id was seen before; its claim is renewed.
    case duplicate
    /// As many deliveries are pending as may be: nothing was written, and the sender keeps the event.
    case full
}

/// The bounds of a claim.
package struct ClaimLimits: Sendable {
    /// How long an id stays claimed after its last sighting, in seconds.
    package let window: Int
    /// How many deliveries may be pending, over all destinations.
    package let maximumPending: Int

    /// Sets the bounds.
    package init(window: Int, maximumPending: Int) {
        self.window = window
        self.maximumPending = maximumPending
    }
}

extension Ledger {
    /// Claims an event and queues its deliveries in one step.
    ///
    /// The future fails with a ``RedisError`` where Redis is away or refuses the write. After a timeout or a lost
    /// connection the claim may have been made all the same: the sender's next try is then answered as a duplicate,
    /// and its deliveries are queued.
    package func claim(_ event: NewEvent, limits: ClaimLimits) -> EventLoopFuture<ClaimResult> {
        var keys: [RedisArgument] = [
            .string(keyspace.claim(event.reference)), .string(keyspace.event(event.reference)),
            .string(keyspace.pending),
        ]
        keys.append(contentsOf: event.destinations.map { .string(keyspace.due($0)) })
        let arguments: [RedisArgument] = [
            .integer(limits.window), .integer(limits.maximumPending), .string(event.reference.member),
            .string(event.type), .string(event.subject ?? ""), .string(event.contentType ?? ""),
            .string(event.traceparent), .integer(Int(event.signedTimestamp)), .bytes(event.body),
            .string(keyspace.base),
        ]
        return connection.evaluate(Scripts.claim, keys: keys, arguments: arguments).flatMapThrowing { reply in
            switch reply {
            case .integer(1): .claimed
            case .integer(0): .duplicate
            case .integer(-1): .full
            default: throw LedgerError(script: "claim")
            }
        }
    }
}
