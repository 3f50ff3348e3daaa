import NIOCore
import Redis
import Webhooks

/// An event that the front door has verified and routed.
///
/// A class, for it passes through many hands and has many parts, each of which a copy of a structure would count.
package final class NewEvent: Sendable {
    /// A destination that the event goes to, and how its delivery waits.
    package struct Target: Sendable, Hashable {
        /// The destination's name.
        package let name: String
        /// Whether deliveries of one subject go to it one at a time and in order.
        package let isOrdered: Bool
        /// How many deliveries may wait for it; nil means no bound of its own.
        package let maximumPending: Int?

        /// Names a destination.
        package init(name: String, isOrdered: Bool = false, maximumPending: Int? = nil) {
            self.name = name
            self.isOrdered = isOrdered
            self.maximumPending = maximumPending
        }
    }

    /// The event's source and id.
    package let reference: EventReference
    /// What is kept beside the body.
    package let head: EventHead
    /// The raw body.
    package let body: ByteBuffer
    /// The destinations it goes to; empty where no route matches.
    package let targets: [Target]
    /// What tells its claim from every other claim of the same id.
    package let mark: ClaimMark

    /// Puts an event together.
    package init(
        reference: EventReference, head: EventHead, body: ByteBuffer, targets: [Target], mark: ClaimMark = .next()
    ) {
        self.reference = reference
        self.head = head
        self.body = body
        self.targets = targets
        self.mark = mark
    }
}

/// What a claim came to.
package enum ClaimResult: Sendable, Equatable {
    /// The id is new: it is claimed, and every delivery is queued.
    case claimed
    /// The id is new: it is claimed and every delivery is queued, and those of some targets, by index, are leased as
    /// well: ``LeasedDelivery/init(first:receivedAt:)``. The time is in milliseconds of Redis' clock.
    case leased(receivedAt: Int64, targets: [Int])
    /// The id was seen before; its claim is renewed.
    case duplicate
    /// As many deliveries are pending as may be, in all or for the destination that is named: nothing was written, and
    /// the sender keeps the event.
    case full(destination: String?)
}

/// The bounds of a claim.
package struct ClaimLimits: Sendable, Equatable {
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
    /// Claims an event and queues its deliveries in one step, together with others that are claimed in this turn of the
    /// loop, or while Redis works on the claims before it.
    ///
    /// The future fails with a ``RedisError`` where Redis is away or refuses the write. After a timeout or a lost
    /// connection the claim may have been made all the same: the sender's next try is then answered as a duplicate,
    /// and its deliveries are queued.
    /// - Parameter leases: for each target for how long its delivery is leased at once, by whoever calls, or nil; empty
    ///   for none. Where the destination is paused or has failed of late, or the event was there before, it is only
    ///   queued.
    package func claim(
        _ event: NewEvent, limits: ClaimLimits, leases: [Duration?] = []
    ) -> EventLoopFuture<ClaimResult> {
        let loop = connection.eventLoop
        let claim = ClaimGroup.Claim(event: event, leases: leases, promise: loop.makePromise())
        if loop.inEventLoop {
            gather(claim, limits)
        } else {
            loop.execute { gather(claim, limits) }
        }
        return claim.promise.futureResult
    }

    private func gather(_ claim: ClaimGroup.Claim, _ limits: ClaimLimits) {
        let addition = claims.value.add(claim, limits: limits)
        if let group = addition.due { send(group) }
        guard addition.needsLook else { return }
        connection.eventLoop.assumeIsolated().execute {
            if let group = claims.value.next() { makeClaims(of: group) }
        }
    }

    private func makeClaims(of group: ClaimGroup) {
        let (keys, arguments) = group.call(keyspace)
        connection.evaluate(Scripts.claim, keys: keys, arguments: arguments).assumeIsolated().whenComplete {
            // Redis works on what waits while the senders of this group get their answers.
            if let next = claims.value.replied() { send(next) }
            group.complete(with: $0)
        }
    }

    /// Calls the script without waiting for the end of the turn.
    private func send(_ group: ClaimGroup) {
        makeClaims(of: group)
        connection.flush()
    }

    /// Whether a claim that failed may have been made all the same.
    package static func mayHaveClaimed(after error: any Error) -> Bool {
        (error as? RedisError)?.mayHaveExecuted ?? true
    }
}

extension LeasedDelivery {
    /// The first attempt of a delivery that was leased when its event was claimed: it is the same for all destinations.
    /// - Parameter receivedAt: in milliseconds of Redis' clock.
    package convenience init(first event: NewEvent, receivedAt: Int64) {
        let (reference, head) = (event.reference, event.head)
        self.init(
            event: Event(
                source: reference.source, id: reference.id, type: head.type, subject: head.subject, time: head.time,
                contentType: head.contentType, signedTimestamp: head.signedTimestamp, traceparent: head.traceparent,
                body: event.body.withUnsafeReadableBytes { Array($0) }),
            type: head.type, subject: head.subject, attempt: 1, token: 1, isReplay: false, repeatsUnknown: false,
            receivedAt: receivedAt)
    }
}
