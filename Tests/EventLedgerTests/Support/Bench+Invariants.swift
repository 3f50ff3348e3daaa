import TestSupport
import Testing

@testable import EventLedger

extension Bench {
    /// Checks what must hold in every state: the counter counts what waits, every event is owned by a set and every
    /// member of a set has its event, and an event's own counts agree with the sets.
    func checkInvariants(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let keys = try await keys()
        func names(_ kind: String) -> [String] {
            let start = "og:{0}:\(kind):"
            return keys.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
        }
        var due: [String: Int] = [:]
        var dead: [String: Int] = [:]
        for destination in names("due") {
            for member in try await members(Self.keyspace.due(destination)) { due[member, default: 0] += 1 }
        }
        for destination in names("dead") {
            let gone = try await members(Self.keyspace.dead(destination))
            for member in gone { dead[member, default: 0] += 1 }
            let both = Set(gone).intersection(try await members(Self.keyspace.due(destination)))
            #expect(both.isEmpty, "due and dead at once", sourceLocation: sourceLocation)
        }
        let done = Set(try await members(Self.keyspace.done))
        let pending = try await pending()
        #expect(pending == due.values.reduce(0, +), "the counter of what waits", sourceLocation: sourceLocation)
        let events = Set(names("event"))
        let owned = done.union(due.keys).union(dead.keys)
        #expect(events == owned, "every event has an owner, every member its event", sourceLocation: sourceLocation)
        for member in events {
            let fields = try await connection.texts("HMGET", .string(Self.keyspace.events + member), "n", "b")
            #expect(fields.first == String(due[member] ?? 0), "n of \(member)", sourceLocation: sourceLocation)
            let count = try await connection.command("HGET", .string(Self.keyspace.events + member), "d").integer
            #expect(Int(count ?? 0) == dead[member] ?? 0, "d of \(member)", sourceLocation: sourceLocation)
            let isFinished = due[member] == nil && dead[member] == nil
            #expect(done.contains(member) == isFinished, "done holds \(member)", sourceLocation: sourceLocation)
        }
        for key in keys where ["breaker:", "rate:"].contains(where: { key.hasPrefix("og:{0}:" + $0) }) {
            #expect(try await lifetime(key) > 0, "\(key) has an end", sourceLocation: sourceLocation)
        }
        let known = ["claim:", "event:", "due:", "dead:", "breaker:", "rate:"].map { "og:{0}:" + $0 }
        let strays = keys.filter { key in
            !known.contains { key.hasPrefix($0) } && key != Self.keyspace.done && key != Self.keyspace.pending
        }
        #expect(strays.isEmpty, sourceLocation: sourceLocation)
        for claim in names("claim") {
            let lifetime = try await lifetime(Self.keyspace.claims + claim)
            #expect(lifetime > 0, "every claim lapses some day", sourceLocation: sourceLocation)
        }
    }
}
