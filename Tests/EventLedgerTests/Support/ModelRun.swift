import Redis
import TestSupport
import Testing

@testable import EventLedger

/// One sequence of random operations.
struct ModelRun {
    enum Happening: CaseIterable {
        case claimed, duplicate, full, ignored, leased, recorded, overtaken, trimmed, lapsed, expired
    }

    private struct Held {
        let delivery: LeasedDelivery
        let destination: String
    }

    static let destinations = ["email", "crm", "analytics"]
    static let maximumPending = 14
    static let history = 6

    let bench: Bench
    var model = LedgerModel()
    var counts: [Happening: Int] = [:]
    private var random: SeededGenerator
    private var held: [Held] = []
    private let ids = (0..<24).map { "m:{\($0)}" }

    init(bench: Bench, seed: UInt64) {
        self.bench = bench
        random = SeededGenerator(seed: seed)
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<30: try await claim()
        case ..<60: try await lease(limit: .random(in: 1...5, using: &random))
        case ..<85: try await settle()
        case ..<92: try await lapseClaim()
        default: try await passTime()
        }
    }

    private mutating func pickID() -> String { ids[Int.random(in: 0..<ids.count, using: &random)] }

    private mutating func pickDestination() -> String {
        Self.destinations[Int.random(in: 0..<Self.destinations.count, using: &random)]
    }

    private mutating func claim() async throws {
        let id = pickID()
        let count = Int.random(in: 0...Self.destinations.count, using: &random)
        let destinations = Array(Self.destinations.shuffled(using: &random).prefix(count))
        let body = [UInt8].init(repeating: .random(in: 0...255, using: &random), count: 3)
        let result = try await bench.claim(
            .sample(id, to: destinations, body: body), maximumPending: Self.maximumPending)
        #expect(result == model.claim(id, to: destinations, body: body, maximum: Self.maximumPending))
        switch result {
        case .claimed: counts[destinations.isEmpty ? .ignored : .claimed, default: 0] += 1
        case .duplicate: counts[.duplicate, default: 0] += 1
        case .full: counts[.full, default: 0] += 1
        }
    }

    private mutating func lease(limit: Int) async throws {
        let destination = pickDestination()
        let due = Set(model.events.filter { $0.value.due[destination] == true }.keys)
        let lease = try await bench.lease(destination, limit: limit, length: .seconds(3600))
        let leased = Set(lease.deliveries.map(\.reference.id))
        #expect(leased.isSubset(of: due))
        #expect(lease.deliveries.count == min(limit, due.count))
        #expect(leased.count == lease.deliveries.count)
        #expect((lease.nextDue == .zero) == (due.count > limit))
        for delivery in lease.deliveries {
            let id = delivery.reference.id
            model.events[id]?.tokens[destination, default: 0] += 1
            model.events[id]?.due[destination] = false
            #expect(delivery.token == model.events[id]?.tokens[destination])
            #expect(delivery.attempt == delivery.token - (model.events[id]?.handedBack[destination] ?? 0))
            #expect(delivery.event.body == model.events[id]?.body)
            held.append(Held(delivery: delivery, destination: destination))
            counts[.leased, default: 0] += 1
        }
    }

    private mutating func pickVerdict() -> Settlement.Verdict {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .retry(after: .zero)
        case 1: .retry(after: .seconds(3600))
        case 2: .dead
        case 3: .release(after: .zero)
        default: .delivered
        }
    }

    /// Settles some of what was leased, now and then what was settled before or is overtaken.
    private mutating func settle() async throws {
        let destination = pickDestination()
        let own = held.filter { $0.destination == destination }.shuffled(using: &random)
        let chosen = own.prefix(.random(in: 0...4, using: &random))
        let settlements = chosen.map { held in
            Settlement(
                reference: held.delivery.reference, token: held.delivery.token, verdict: pickVerdict(),
                answer: "answer")
        }
        let bounds = HistoryBounds(window: Bench.window, time: .seconds(3600), events: Self.history)
        let results = try await bench.ledger.settle(
            destination: destination, settlements, bounds: bounds, breaker: .wide
        ).results
        for (settlement, result) in zip(settlements, results) {
            let expected = model.settle(
                settlement.reference.id, token: settlement.token, at: destination, as: settlement.verdict)
            #expect(result == expected)
            counts[result == .recorded ? .recorded : .overtaken, default: 0] += 1
        }
        if Bool.random(using: &random) {
            let settled = Set(settlements.map { "\($0.reference.id) \($0.token)" })
            held.removeAll {
                $0.destination == destination && settled.contains("\($0.delivery.reference.id) \($0.delivery.token)")
            }
        }
        try await follow(trimmedBy: 2 * settlements.count)
    }

    /// Which of the events that finished in one millisecond leaves is not for the model to say: only how many.
    private mutating func follow(trimmedBy most: Int) async throws {
        let before = model.done
        let after = Set(try await bench.members(Bench.keyspace.done).map { String($0.dropFirst("clerk:".count)) })
        #expect(after.isSubset(of: before))
        #expect(before.count - after.count == min(most, max(0, before.count - Self.history)))
        for id in before.subtracting(after) {
            model.events[id] = nil
            counts[.trimmed, default: 0] += 1
        }
    }

    private mutating func lapseClaim() async throws {
        let id = pickID()
        try await bench.delete(Bench.claimKey(id))
        if model.claims.remove(id) != nil { counts[.lapsed, default: 0] += 1 }
    }

    /// Lets a delivery fall due: its delay is over, or its lease has run out.
    private mutating func passTime() async throws {
        let id = pickID()
        let destination = pickDestination()
        guard model.events[id]?.due[destination] == false else { return }
        try await bench.makeDue(id, at: destination)
        model.events[id]?.due[destination] = true
        counts[.expired, default: 0] += 1
    }

    mutating func deliverEverything() async throws {
        for destination in Self.destinations {
            for id in ids where model.events[id]?.due[destination] != nil {
                try await bench.makeDue(id, at: destination)
            }
            for delivery in try await bench.lease(destination, limit: 1000).deliveries {
                let id = delivery.reference.id
                model.events[id]?.tokens[destination, default: 0] += 1
                #expect(try await bench.settle(delivery, of: destination, as: .delivered) == .recorded)
                let expected = model.settle(id, token: delivery.token, at: destination, as: .delivered)
                #expect(expected == .recorded)
            }
        }
    }

    /// Compares all that stands in Redis with the model.
    func check() async throws {
        try await bench.checkInvariants()
        #expect(try await bench.pending() == model.pending)
        for destination in Self.destinations {
            let due = Set(try await bench.members(Bench.keyspace.due(destination)))
            #expect(due == Set(model.events.filter { $0.value.due[destination] != nil }.keys.map { "clerk:\($0)" }))
            let dead = Set(try await bench.members(Bench.keyspace.dead(destination)))
            #expect(dead == Set(model.events.filter { $0.value.dead.contains(destination) }.keys.map { "clerk:\($0)" }))
        }
        let claims = Set(try await bench.keys().filter { $0.hasPrefix(Bench.keyspace.claims) })
        #expect(claims == Set(model.claims.map(Bench.claimKey)))
        #expect(Set(try await bench.members(Bench.keyspace.done)) == Set(model.done.map { "clerk:\($0)" }))
    }
}
