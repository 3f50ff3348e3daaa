import TestSupport
import Testing

@testable import EventLedger

/// All that stands in a ledger, read key by key.
private struct LedgerContents {
    var due: [String: Set<String>] = [:]
    var dead: [String: Set<String>] = [:]
    var held: [String: Set<String>] = [:]
    /// Queues in order, by destination.
    var queues: [String: [[String]]] = [:]

    init(_ bench: Bench, keys: Set<String>) async throws {
        for key in keys.map({ $0.dropFirst("og:{0}:".count) }) {
            let parts = key.split(separator: ":", maxSplits: 2).map(String.init)
            let name = "og:{0}:" + key
            switch parts[0] {
            case "due": due[parts[1]] = Set(try await bench.members(name))
            case "dead": dead[parts[1]] = Set(try await bench.members(name))
            case "held": held[parts[1]] = Set(try await bench.members(name))
            case "queue":
                queues[parts[1], default: []].append(
                    try await bench.connection.texts("LRANGE", .string(name), 0, -1))
            default: break
            }
        }
    }

    /// Where the records must say that each delivery stands.
    func standing(of member: String, at destination: String) -> DeliveryRecord.Standing? {
        if dead[destination]?.contains(member) == true { return .dead }
        if held[destination]?.contains(member) == true { return .unknown }
        let isQueued = queues[destination]?.contains { $0.contains(member) } ?? false
        return isQueued || due[destination]?.contains(member) == true ? .pending : nil
    }
}

extension Bench {
    /// Checks what must hold in every state: the counters count what waits, every event is in history and every member
    /// of a set has its event, and the records of events agree with the sets.
    func checkInvariants(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let keys = try await keys()
        let contents = try await LedgerContents(self, keys: keys)
        let events = keys.filter { $0.hasPrefix("og:{0}:event:") }.map { String($0.dropFirst("og:{0}:event:".count)) }
        let history = Set(try await members(Self.keyspace.history))
        let finished = Set(try await finished())
        #expect(Set(events) == history, "every event is in history", sourceLocation: sourceLocation)
        var pending: [String: Int] = [:]
        for member in events {
            let fields = try await connection.texts("HGETALL", .string(Self.keyspace.base + "event:" + member))
            var counts = (waiting: 0, aside: 0)
            var stated = (waiting: 0, aside: 0)
            for index in stride(from: 0, to: fields.count, by: 2) {
                if fields[index] == "n" { stated.waiting = try #require(Int(fields[index + 1])) }
                if fields[index] == "d" { stated.aside = try #require(Int(fields[index + 1])) }
                guard fields[index].hasPrefix(":") else { continue }
                let destination = String(fields[index].dropFirst())
                let record = try #require(DeliveryRecord(fields[index + 1]), sourceLocation: sourceLocation)
                let standing = contents.standing(of: member, at: destination)
                #expect(
                    record.standing == standing ?? record.standing, "\(member) at \(destination)",
                    sourceLocation: sourceLocation)
                #expect(
                    standing != nil || ![.pending, .dead, .unknown].contains(record.standing),
                    "\(member) at \(destination): \(record)", sourceLocation: sourceLocation)
                if standing == .pending {
                    counts.waiting += 1
                    pending[destination, default: 0] += 1
                } else if standing != nil {
                    counts.aside += 1
                }
            }
            #expect(counts == stated, "n and d of \(member)", sourceLocation: sourceLocation)
            #expect(
                finished.contains(member) == (counts == (0, 0)), "history of \(member)", sourceLocation: sourceLocation)
        }
        let total = try await self.pending()
        #expect(total == pending.values.reduce(0, +), "the counter of what waits", sourceLocation: sourceLocation)
        try await checkSets(contents, pending: pending, sourceLocation)
        try await checkKeys(keys, sourceLocation)
    }

    private func checkSets(
        _ contents: LedgerContents, pending: [String: Int], _ sourceLocation: SourceLocation
    ) async throws {
        for (destination, queues) in contents.queues {
            for queue in queues {
                let due = contents.due[destination] ?? []
                #expect(due.contains(queue[0]), "the first of a queue is due", sourceLocation: sourceLocation)
                #expect(due.isDisjoint(with: queue.dropFirst()), "the others wait", sourceLocation: sourceLocation)
            }
        }
        for destination in Set(pending.keys).union(contents.due.keys) {
            let due = contents.due[destination]?.count ?? 0
            let behind = try await connection.command("HGET", .string(Self.keyspace.behind), .string(destination))
            #expect(
                due + Int(behind.integer ?? 0) == pending[destination] ?? 0, "what waits for \(destination)",
                sourceLocation: sourceLocation)
        }
        let known = Set(try await ledger.knownDestinations())
        let kept = Set(contents.due.keys).union(contents.dead.keys).union(contents.held.keys)
        #expect(kept.isSubset(of: known), "every destination is known", sourceLocation: sourceLocation)
    }

    /// Every key is of a known kind, and what is no record has an end.
    private func checkKeys(_ keys: Set<String>, _ sourceLocation: SourceLocation) async throws {
        let kept = ["event:", "due:", "dead:", "held:", "queue:"]
        let single = ["history", "pending", "behind", "destinations", "paused"].map { "og:{0}:" + $0 }
        for key in keys where !single.contains(key) && !kept.contains(where: { key.hasPrefix("og:{0}:" + $0) }) {
            let lapses = ["claim:", "breaker:", "rate:", "lease:", "fresh:"].map { "og:{0}:" + $0 }
            #expect(lapses.contains { key.hasPrefix($0) }, "\(key) is known", sourceLocation: sourceLocation)
            // Zero is a key in its last second; -2 one that has lapsed since it was listed.
            #expect(try await lifetime(key) != -1, "\(key) has an end", sourceLocation: sourceLocation)
        }
    }
}
