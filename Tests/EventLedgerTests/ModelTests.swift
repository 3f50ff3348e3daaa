import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Random operations, on the ledger and on a model of it that is small enough to be seen to be right.
@Suite struct ModelTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theLedgerDoesWhatTheModelDoes(seed: UInt64) async throws {
        try await Bench.with { bench async throws in
            var run = ModelRun(bench: bench, seed: seed)
            for step in 1...1200 {
                try await run.step()
                if step.isMultiple(of: 100) { try await run.check() }
            }
            try await run.deliverEverything()
            try await run.check()
            #expect(run.model.events.values.allSatisfy { $0.due.isEmpty }, "nothing is lost")
            let seen = Set(run.counts.keys)
            #expect(seen == Set(ModelRun.Happening.allCases), "the seed must reach every case")
        }
    }
}

/// What the ledger ought to hold.
struct LedgerModel {
    struct Event {
        var body: [UInt8]
        /// The destinations for which it waits; true where it is due now.
        var due: [String: Bool] = [:]
        var dead: Set<String> = []
        var tokens: [String: Int] = [:]
        /// Leases that were handed back.
        var handedBack: [String: Int] = [:]
        var isDone = false
    }

    var claims: Set<String> = []
    var events: [String: Event] = [:]

    var pending: Int { events.values.reduce(0) { $0 + $1.due.count } }
    var done: Set<String> { Set(events.filter(\.value.isDone).keys) }

    mutating func claim(_ id: String, to destinations: [String], body: [UInt8], maximum: Int) -> ClaimResult {
        if claims.contains(id) { return .duplicate }
        if let event = events[id], !event.due.isEmpty {
            claims.insert(id)
            return .duplicate
        }
        if !destinations.isEmpty {
            guard pending + destinations.count <= maximum else { return .full }
            let dead = (events[id]?.dead ?? []).subtracting(destinations)
            events[id] = Event(
                body: body, due: Dictionary(uniqueKeysWithValues: destinations.map { ($0, true) }), dead: dead)
        }
        claims.insert(id)
        return .claimed
    }

    mutating func settle(
        _ id: String, token: Int, at destination: String, as verdict: Settlement.Verdict
    ) -> SettlementResult {
        guard var event = events[id], event.due[destination] != nil, event.tokens[destination] == token else {
            return .overtaken
        }
        switch verdict {
        case .retry(let delay): event.due[destination] = delay == .zero
        case .release(let delay):
            event.due[destination] = delay == .zero
            event.handedBack[destination, default: 0] += 1
        case .delivered: event.due[destination] = nil
        case .dead:
            event.due[destination] = nil
            event.dead.insert(destination)
        }
        if event.due.isEmpty {
            claims.insert(id)
            event.isDone = event.dead.isEmpty
        }
        events[id] = event
        return .recorded
    }
}
