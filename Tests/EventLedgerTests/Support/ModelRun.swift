import Redis
import TestSupport
import Testing

@testable import EventLedger

/// One sequence of random operations.
struct ModelRun {
    enum Happening: CaseIterable {
        case claimed, claimedAndLeased, duplicate, full, ignored, leased, held, recorded, overtaken, trimmed, lapsed,
            expired
        case replayed, moved, dropped, left, forgotten, notForgotten
    }

    private struct Held {
        let delivery: LeasedDelivery
        let destination: String
    }

    /// One that never sees an event twice, one that keeps an order, and one like most.
    static let (holding, ordered, plain) = ("crm", "analytics", "email")
    static let destinations = [plain, holding, ordered]
    static let maximumPending = 9
    static let history = 3

    let bench: Bench
    var model = LedgerModel(ordered: ordered)
    var counts: [Happening: Int] = [:]
    private var random: SeededGenerator
    private var held: [Held] = []
    /// The marks of all claims of each id, the unsuccessful ones too.
    private var marks: [String: [ClaimMark]] = [:]
    private let ids = (0..<24).map { "m:{\($0)}" }

    init(bench: Bench, seed: UInt64) {
        self.bench = bench
        random = SeededGenerator(seed: seed)
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<27: try await claim()
        case ..<52: try await lease(limit: .random(in: 1...5, using: &random))
        case ..<75: try await settle()
        case ..<80: try await lapseClaim()
        case ..<90: try await passTime()
        case ..<97: try await requeue()
        default: try await forget()
        }
    }

    private mutating func count(_ happening: Happening) { counts[happening, default: 0] += 1 }

    private mutating func pickID() -> String { ids[Int.random(in: 0..<ids.count, using: &random)] }

    private mutating func pickDestination() -> String {
        Self.destinations[Int.random(in: 0..<Self.destinations.count, using: &random)]
    }

    private static func target(_ name: String) -> NewEvent.Target {
        NewEvent.Target(name: name, isOrdered: name == ordered)
    }

    private mutating func claim() async throws {
        let id = pickID()
        let many = Int.random(in: 0...Self.destinations.count, using: &random)
        let destinations = Array(Self.destinations.shuffled(using: &random).prefix(many))
        let body = [UInt8].init(repeating: .random(in: 0...255, using: &random), count: 3)
        let subject = "subject:\(id.utf8.reduce(0) { $0 + Int($1) } % 4)"
        let event = NewEvent.sample(id, targets: destinations.map(Self.target), subject: subject, body: body)
        let leases = destinations.map { name -> Duration? in
            name != Self.ordered && Bool.random(using: &random) ? .seconds(3600) : nil
        }
        marks[id, default: []].append(event.mark)
        let result = try await bench.claim(event, maximumPending: Self.maximumPending, leases: leases)
        let expected = model.claim(
            id, subject: subject, to: destinations, body: body, maximum: Self.maximumPending,
            mark: leases.contains { $0 != nil } ? event.mark : nil)
        switch result {
        case .leased(let receivedAt, let targets):
            #expect(expected == .claimed)
            #expect(targets == leases.indices.filter { leases[$0] != nil && model.isFresh(id, at: destinations[$0]) })
            for target in targets {
                model.leased(id, at: destinations[target])
                let delivery = LeasedDelivery(first: event, receivedAt: receivedAt)
                #expect(model.events[id]?.deliveries[destinations[target]]?.token == delivery.token)
                model.events[id]?.deliveries[destinations[target]]?.isLeasedByClaim = true
                held.append(Held(delivery: delivery, destination: destinations[target]))
            }
            count(.claimedAndLeased)
        case .claimed:
            #expect(expected == .claimed)
            #expect(!leases.indices.contains { leases[$0] != nil && model.isFresh(id, at: destinations[$0]) })
            count(destinations.isEmpty ? .ignored : .claimed)
        case .duplicate, .full: #expect(result == expected)
        }
        switch result {
        case .claimed, .leased: break
        case .duplicate: count(.duplicate)
        case .full: count(.full)
        }
    }

    private mutating func lease(limit: Int) async throws {
        let destination = pickDestination()
        let due = model.due(at: destination)
        let lease = try await bench.lease(
            destination, limit: limit, length: .seconds(3600), holdsUnknown: destination == Self.holding)
        #expect(lease.deliveries.count + lease.passed.count == min(limit, due.count))
        let areMoreDue = lease.nextDue.map { $0 <= .zero } ?? false
        #expect(areMoreDue == (due.count > limit))
        for passed in lease.passed {
            #expect(passed.reason == .held && destination == Self.holding)
            #expect(model.events[passed.reference.id]?.deliveries[destination]?.state == .leased(ranOut: true))
            model.held(passed.reference.id, at: destination)
            count(.held)
        }
        for delivery in lease.deliveries {
            let id = delivery.reference.id
            #expect(due.contains(id))
            let before = model.events[id]?.deliveries[destination]?.state
            #expect(delivery.repeatsUnknown == (before == .leased(ranOut: true)))
            model.leased(id, at: destination)
            let expected = model.events[id]?.deliveries[destination]
            #expect(delivery.token == expected?.token)
            #expect(delivery.attempt == (expected?.token ?? 0) - (expected?.unmade ?? 0))
            #expect(delivery.event.body == model.events[id]?.body)
            held.append(Held(delivery: delivery, destination: destination))
            count(.leased)
        }
    }

    private mutating func pickVerdict(of id: String) -> Settlement.Verdict {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .retry(after: .zero)
        case 1: .retry(after: .seconds(3600))
        case 2: .dead
        case 3:
            if let mark = marks[id]?.suffix(3).randomElement(using: &random), Bool.random(using: &random) {
                .unlease(after: .zero, claim: mark)
            } else {
                .release(after: .zero)
            }
        case 4: .held
        default: .delivered
        }
    }

    /// Settles some of what was leased, now and then what is overtaken.
    private mutating func settle() async throws {
        let destination = pickDestination()
        let own = held.filter { $0.destination == destination }.shuffled(using: &random)
        let chosen = own.prefix(.random(in: 0...4, using: &random))
        let settlements = chosen.map { held in
            Settlement(
                reference: held.delivery.reference, token: held.delivery.token,
                verdict: pickVerdict(of: held.delivery.reference.id), answer: "answer")
        }
        let bounds = HistoryBounds(window: Bench.window, time: .seconds(3600), events: Self.history)
        let results = try await bench.ledger.settle(
            destination: destination, settlements, bounds: bounds, breaker: .wide
        ).results
        for (settlement, result) in zip(settlements, results) {
            let expected = model.settle(
                settlement.reference.id, token: settlement.token, at: destination, as: settlement.verdict)
            #expect(result == expected)
            count(result == .recorded ? .recorded : .overtaken)
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
        let after = Set(try await bench.finished().map { String($0.dropFirst("clerk:".count)) })
        #expect(after.isSubset(of: before))
        #expect(before.count - after.count == min(most, max(0, before.count - Self.history)))
        for id in before.subtracting(after) {
            model.events[id] = nil
            count(.trimmed)
        }
    }

    private mutating func lapseClaim() async throws {
        let id = pickID()
        try await bench.delete(Bench.claimKey(id))
        if model.claims.removeValue(forKey: id) != nil { count(.lapsed) }
    }

    /// Lets a delivery fall due: its delay is over, or its lease has run out.
    private mutating func passTime() async throws {
        let id = pickID()
        let destination = pickDestination()
        switch model.events[id]?.deliveries[destination]?.state {
        case .waiting(isDue: false): model.events[id]?.deliveries[destination]?.state = .waiting(isDue: true)
        case .leased(ranOut: false): model.events[id]?.deliveries[destination]?.state = .leased(ranOut: true)
        default: return
        }
        try await bench.makeDue(id, at: destination)
        count(.expired)
    }

    private mutating func requeue() async throws {
        let id = pickID()
        let from = pickDestination()
        let to: String? = Bool.random(using: &random) ? from : Bool.random(using: &random) ? pickDestination() : nil
        let sources: RequeueSources =
            to == from ? [.dead, .held, .finished] : Bool.random(using: &random) ? [.dead, .held] : .pending
        let results = try await bench.ledger.requeue(
            [Requeue(EventReference(source: "clerk", id: id), from: from, to: to.map(Self.target))], sources: sources,
            isReplay: to == from, limits: ClaimLimits(window: Bench.window, maximumPending: Self.maximumPending))
        let expected = model.requeue(id, from: from, to: to, sources: sources, maximum: Self.maximumPending)
        #expect(results == [expected])
        switch expected {
        case .done: count(to == from ? .replayed : to == nil ? .dropped : .moved)
        case .full, .gone, .stands: count(.left)
        }
    }

    private mutating func forget() async throws {
        let id = pickID()
        let result = try await bench.ledger.forget(EventReference(source: "clerk", id: id))
        #expect(result == model.forget(id))
        // What is leased of it is not under way in this run any more: its tokens begin anew.
        if result == .done { held.removeAll { $0.delivery.reference.id == id } }
        count(result == .done ? .forgotten : .notForgotten)
    }

    mutating func deliverEverything() async throws {
        // Each round delivers the first of every queue; no queue is longer than there are events.
        for _ in 0...ids.count where model.pending > 0 {
            for destination in Self.destinations {
                let waiting = model.events.filter { entry in
                    let state = entry.value.deliveries[destination]?.state
                    return state == .waiting(isDue: false) || state == .leased(ranOut: false)
                }
                for id in waiting.keys { try await bench.makeDue(id, at: destination) }
                for delivery in try await bench.lease(destination, limit: 1000).deliveries {
                    let id = delivery.reference.id
                    model.leased(id, at: destination)
                    #expect(try await bench.settle(delivery, of: destination, as: .delivered) == .recorded)
                    let expected = model.settle(id, token: delivery.token, at: destination, as: .delivered)
                    #expect(expected == .recorded)
                }
            }
        }
    }

    /// Compares all that stands in Redis with the model.
    func check() async throws {
        try await bench.checkInvariants()
        #expect(try await bench.pending() == model.pending)
        for destination in Self.destinations {
            func members(_ matches: (LedgerModel.State) -> Bool) -> Set<String> {
                let events = model.events.filter { $0.value.deliveries[destination].map { matches($0.state) } ?? false }
                return Set(events.keys.map { "clerk:\($0)" })
            }
            let due = Set(try await bench.members(Bench.keyspace.due(destination)))
            #expect(due == members { $0.isPending && $0 != .queued })
            #expect(Set(try await bench.members(Bench.keyspace.dead(destination))) == members { $0 == .dead })
            #expect(Set(try await bench.members(Bench.keyspace.held(destination))) == members { $0 == .held })
        }
        for (lane, ids) in model.lanes where !ids.isEmpty {
            let key = "og:{0}:queue:\(lane.destination):clerk:\(lane.subject)"
            let queue = try await bench.connection.texts("LRANGE", .string(key), 0, -1)
            #expect(queue == ids.map { "clerk:\($0)" }, "in order")
        }
        let claims = Set(try await bench.keys().filter { $0.hasPrefix("og:{0}:claim:") })
        #expect(claims == Set(model.claims.keys.map(Bench.claimKey)))
        for (id, value) in model.claims {
            #expect(try await bench.connection.command("GET", .string(Bench.claimKey(id))).string == "\(value)")
        }
        #expect(Set(try await bench.finished()) == Set(model.done.map { "clerk:\($0)" }))
    }
}
