import NIOCore
import Redis

/// What became of one attempt, as the ledger records it.
package struct Settlement: Sendable, Equatable {
    /// What happens to the delivery.
    package enum Verdict: Sendable, Equatable {
        /// It is done.
        case delivered
        /// It falls due again after a time.
        case retry(after: Duration)
        /// It is given up and becomes a dead letter.
        case dead
        /// It is not known whether the destination has it, and it waits for a person.
        case held
        /// No request came of the lease: it falls due again after a time and has cost no attempt.
        case release(after: Duration)
        /// The same where the reply to the claim was lost that may have leased it: if it has not, nothing is changed.
        case unlease(after: Duration, claim: ClaimMark)
    }

    /// The event of the attempt.
    package let reference: EventReference
    /// The token of the lease.
    package let token: Int
    /// What happens to the delivery.
    package let verdict: Verdict
    /// The answer in a few words: a status code or the name of an error; neither a body nor a secret, no line end.
    package let answer: String
    /// The beginning of the body of an answer that was no success, at most ``maximumBodyBytes``.
    package let answerBody: [UInt8]
    /// How long the attempt took.
    package let duration: Duration
    /// What the attempt says of the destination as a whole.
    package let health: Health

    /// How much of the body of an answer is kept, in bytes.
    package static let maximumBodyBytes = 1024

    /// Puts a settlement together; a longer body is cut.
    package init(
        reference: EventReference, token: Int, verdict: Verdict, answer: String, answerBody: [UInt8] = [],
        duration: Duration = .zero, health: Health = .untested
    ) {
        self.reference = reference
        self.token = token
        self.verdict = verdict
        self.answer = answer
        self.answerBody = Array(answerBody.prefix(Self.maximumBodyBytes))
        self.duration = duration
        self.health = health
    }
}

/// What an attempt says of its destination as a whole, for the breaker.
package enum Health: String, Sendable, Equatable {
    /// It works, even if it refused this one.
    case up
    /// It does not do what it should.
    case failing
    /// The attempt says nothing of it.
    case untested
}

/// When a destination counts as broken, over all processes, and how it is probed.
package struct BreakerRule: Sendable, Equatable {
    /// Failures in a row that open the breaker.
    package let failures: Int
    /// The time until the first probe; it doubles with each probe that fails.
    package let probe: Duration
    /// The longest time between two probes.
    package let probeMaximum: Duration

    /// Sets the rule.
    package init(failures: Int, probe: Duration, probeMaximum: Duration) {
        self.failures = failures
        self.probe = probe
        self.probeMaximum = probeMaximum
    }
}

/// What became of a batch of settlements.
package struct Settled: Sendable, Equatable {
    /// What they did to the breaker of the destination.
    package enum BreakerChange: String, Sendable, Equatable {
        case opened, closed
        case none = ""
    }

    /// One result for each settlement, in order.
    package let results: [SettlementResult]
    /// What they did to the breaker.
    package let breaker: BreakerChange
}

/// Whether a settlement counted.
package enum SettlementResult: Sendable, Equatable {
    /// The ledger has recorded it.
    case recorded
    /// The ledger has recorded a retry instead of a dead letter: it was the probe of a destination that is still broken,
    /// and a probe gives no delivery up.
    case spared
    /// A later lease exists, or the delivery is settled already: nothing was changed.
    case overtaken
}

/// What the ledger keeps once the last delivery of an event is settled.
package struct HistoryBounds: Sendable {
    /// How long an id stays claimed, in seconds, counted anew from the last settlement.
    package let window: Int
    /// How long a finished event is kept.
    package let time: Duration
    /// How many finished events are kept.
    package let events: Int

    /// Sets the bounds.
    package init(window: Int, time: Duration, events: Int) {
        self.window = window
        self.time = time
        self.events = events
    }
}

extension Ledger {
    /// How many settlements one call takes at the most: it bounds the time for which the script holds up Redis.
    package static let maximumSettlements = 128

    /// Records what became of attempts of one destination.
    ///
    /// The future fails with a ``RedisError`` where Redis is away. It is safe to call again: what was recorded before is
    /// reported as recorded.
    /// - Parameter guardTime: how long the time of a delivered event is remembered, for a destination that leaves out
    ///   updates older than that; nil for others.
    package func settle(
        destination: String, _ settlements: some Collection<Settlement>, bounds: HistoryBounds, breaker: BreakerRule,
        guardTime: Duration? = nil
    ) -> EventLoopFuture<Settled> {
        precondition(settlements.count <= Self.maximumSettlements)
        var arguments: [RedisArgument] = [
            .string(keyspace.base), .string(destination), .integer(bounds.window),
            .integer(bounds.time.milliseconds), .integer(bounds.events), .integer(breaker.failures),
            .integer(breaker.probe.milliseconds), .integer(breaker.probeMaximum.milliseconds),
            guardTime.map { .integer($0.milliseconds) } ?? "",
        ]
        arguments.reserveCapacity(arguments.count + 8 * settlements.count)
        var latest: Settlement?
        for settlement in settlements {
            arguments.append(.string(settlement.reference.member))
            arguments.append(.integer(settlement.token))
            arguments.append(.integer(settlement.duration.milliseconds))
            if let latest, latest.isLike(settlement) {
                arguments.append("=")
            } else {
                let (verdict, delay) = settlement.verdict.words
                arguments += [
                    .string(verdict), .integer(delay.milliseconds), .string(settlement.answer),
                    .string(settlement.health.rawValue),
                    settlement.answerBody.isEmpty ? "" : .bytes(ByteBuffer(bytes: settlement.answerBody)),
                ]
            }
            latest = settlement
        }
        let count = settlements.count
        return list(
            Scripts.settle,
            keys: [
                keyspace.dueWord(destination), .string(keyspace.pending), .string(keyspace.breaker(destination)),
            ], arguments: arguments
        ) { try Self.settled($0, count: count) }
    }

    private static func settled(_ items: [RedisValue], count: Int) throws -> Settled {
        guard items.count == count + 1, let change = items.last?.string.flatMap(Settled.BreakerChange.init) else {
            throw LedgerError(script: "settle")
        }
        let results: [SettlementResult] = items.dropLast().map { item in
            switch item {
            case .integer(1): .recorded
            case .integer(2): .spared
            default: .overtaken
            }
        }
        return Settled(results: results, breaker: change)
    }
}

extension Settlement {
    /// Whether the same became of another attempt, however long it took: so it is with most of a batch.
    fileprivate func isLike(_ other: Settlement) -> Bool {
        verdict == other.verdict && answer == other.answer && health == other.health && answerBody == other.answerBody
    }
}

extension Settlement.Verdict {
    /// The verdict in the script's words.
    fileprivate var words: (String, Duration) {
        switch self {
        case .delivered: ("delivered", .zero)
        case .retry(let delay): ("retry", delay)
        case .dead: ("dead", .zero)
        case .held: ("held", .zero)
        case .release(let delay): ("release", delay)
        case .unlease(let delay, let claim): ("unlease \(claim.number)", delay)
        }
    }
}
