import Redis

/// One delivery that a person wants to be made once more, elsewhere, or not at all.
package struct Requeue: Sendable, Equatable {
    /// The event.
    package let reference: EventReference
    /// The destination at which the delivery stands; nil for one that the event has not been routed to.
    package let from: String?
    /// The destination to queue it for; nil to drop it.
    package let to: NewEvent.Target?

    /// Names a delivery and where it shall go.
    package init(_ reference: EventReference, from: String?, to: NewEvent.Target?) {
        self.reference = reference
        self.from = from
        self.to = to
    }
}

/// What became of a ``Requeue``.
package enum RequeueResult: Sendable, Equatable {
    /// It was done.
    case done
    /// There is no such event or delivery, or not any more.
    case gone
    /// As many deliveries are pending as may be.
    case full
    /// The delivery stands where it may not be taken from; nothing was changed.
    case stands(DeliveryRecord.Standing)
}

/// Which deliveries may be taken from where they stand.
package struct RequeueSources: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Dead letters.
    package static let dead = Self(rawValue: 1)
    /// Deliveries of unknown outcome.
    package static let held = Self(rawValue: 2)
    /// Deliveries that wait or are under way: the answer to an attempt under way then counts no more.
    package static let pending = Self(rawValue: 4)
    /// Delivered, or settled otherwise.
    package static let finished = Self(rawValue: 8)

    var words: String {
        let all: [(Self, String)] = [
            (.dead, "dead"), (.held, "held"), (.pending, "pending"), (.finished, "finished"),
        ]
        return all.filter { contains($0.0) }.map(\.1).joined(separator: " ")
    }
}

extension Ledger {
    /// How many deliveries one call takes at the most: it bounds the time for which the script holds up Redis.
    package static let maximumRequeues = 128

    /// Lets deliveries wait anew, for the same or another destination, or drops them.
    /// - Parameters:
    ///   - sources: which of them may be taken; the others stay.
    ///   - isReplay: whether the new deliveries are marked as replays.
    /// - Returns: a result for each, in order.
    /// - Throws: ``RedisError`` where Redis is away. After a timeout it may have been done all the same; a second call
    ///   then finds each delivery where the first has left it.
    package func requeue(
        _ requeues: some Collection<Requeue>, sources: RequeueSources, isReplay: Bool, limits: ClaimLimits
    ) async throws -> [RequeueResult] {
        precondition(requeues.count <= Self.maximumRequeues)
        guard let first = requeues.first else { return [] }
        var arguments: [RedisArgument] = [
            .string(keyspace.base), .integer(limits.window), .integer(limits.maximumPending), .string(sources.words),
            isReplay ? "r" : "",
        ]
        for requeue in requeues {
            arguments.append(contentsOf: [
                .string(requeue.reference.member), .string(requeue.from ?? ""), .string(requeue.to?.name ?? ""),
                requeue.to?.isOrdered == true ? "o" : "-",
            ])
        }
        let some = first.from ?? first.to?.name ?? ""
        let items = try await list(
            Scripts.requeue, keys: [keyspace.due(some), keyspace.pending, keyspace.history], arguments: arguments)
        guard items.count == requeues.count else { throw LedgerError(script: "requeue") }
        return try items.map { item in
            switch item.string {
            case "done": .done
            case "gone": .gone
            case "full": .full
            case "pending": .stands(.pending)
            case "dead": .stands(.dead)
            case "held": .stands(.unknown)
            case "finished": .stands(.delivered)
            default: throw LedgerError(script: "requeue")
            }
        }
    }

    /// What became of forgetting an event.
    package enum Forgotten: Sendable, Equatable {
        /// Claim and record are gone.
        case done
        /// The id is not known.
        case unknown
        /// Deliveries are pending: nothing was changed.
        case pending
    }

    /// Forgets an event and its dead letters, so that the sender's next try is taken as new.
    /// - Throws: ``RedisError`` where Redis is away.
    package func forget(_ event: EventReference) async throws -> Forgotten {
        let result = try await number(
            Scripts.forget, keys: [keyspace.claim(event), keyspace.event(event), keyspace.history],
            arguments: [.string(keyspace.base), .string(event.member)])
        return switch result {
        case 0: .unknown
        case -1: .pending
        default: .done
        }
    }
}
