import NIOCore
import Redis

/// A place in a sorted set where a page begins: behind so many members of one score.
///
/// Its text is for programs to hand back: `<score>,<how many>`.
package struct Cursor: Sendable, Hashable, CustomStringConvertible {
    let score: String
    let passed: Int

    /// The text to read it back from.
    package var description: String { "\(score),\(passed)" }

    /// Reads a text; nil for what no cursor gave.
    package init?(_ text: String) {
        let parts = text.split(separator: ",")
        guard parts.count == 2, let score = Double(parts[0]), score.isFinite, let passed = Int(parts[1]), passed >= 0
        else { return nil }
        self.init(score: String(parts[0]), passed: passed)
    }

    private init(score: String, passed: Int) {
        self.score = score
        self.passed = passed
    }

    /// The place behind members with these scores, which began at `start`; nil where they filled no page.
    init?(behind scores: [String], startingAt start: Cursor?, limit: Int) {
        guard scores.count == limit, let last = scores.last else { return nil }
        let same = scores.reversed().prefix { $0 == last }.count
        let isOneScore = same == scores.count && last == start?.score
        self.init(score: last, passed: same + (isOneScore ? start?.passed ?? 0 : 0))
    }
}

/// A page of a list, and where the next one begins: nil at the end.
package struct Page<Item: Sendable>: Sendable {
    /// What is on the page.
    package let items: [Item]
    /// Where the next page begins; nil where there is none.
    package let next: Cursor?
}

/// An event in a list.
package struct ListedEvent: Sendable {
    /// The event's source and id.
    package let reference: EventReference
    /// What is kept beside the body.
    package let head: EventHead
    /// When it was accepted, in milliseconds of Redis' clock.
    package let receivedAt: Int64
    /// The state of its deliveries by destination.
    package let deliveries: [String: DeliveryRecord]
}

/// An event, whole.
package struct ShownEvent: Sendable {
    /// What a list shows of it.
    package let listed: ListedEvent
    /// The raw body.
    package let body: ByteBuffer
    /// How long until its claim lapses; nil where it has none.
    package let claim: Duration?
    /// For a pending delivery the time of its next attempt, or of the end of its lease, in milliseconds; nil while it
    /// waits for others of its subject.
    package let due: [String: (at: Int64, isLeased: Bool)]
    /// The beginning of the body of the last answer that was no success, by destination.
    package let answerBodies: [String: ByteBuffer]
}

/// A delivery in a list.
package struct ListedDelivery: Sendable {
    /// The event.
    package let event: ListedEvent
    /// The destination.
    package let destination: String
    /// The state.
    package let record: DeliveryRecord
    /// Since when it is dead or held, or when it is due, in milliseconds of Redis' clock.
    package let at: Int64
    /// The beginning of the body of the last answer that was no success.
    package let answerBody: ByteBuffer
}

extension Ledger {
    /// How many items a page has at the most.
    package static let maximumPage = 200

    /// The sets of a destination's deliveries that can be listed.
    package enum DeliverySet: String, Sendable, CaseIterable {
        /// What waits for its time or is under way; not what waits for others of its subject.
        case pending
        /// Dead letters.
        case dead
        /// Deliveries of unknown outcome.
        case unknown
    }

    /// Lists events: those with deliveries that wait for something, the latest first, then the finished ones.
    /// - Throws: ``RedisError`` where Redis is away.
    package func events(from start: Cursor?, limit: Int) async throws -> Page<ListedEvent> {
        let limit = min(max(limit, 1), Self.maximumPage)
        let items = try await list(
            Scripts.events, keys: [keyspace.history],
            arguments: [
                .string(keyspace.base), .string(start?.score ?? "+inf"), .integer(start?.passed ?? 0), .integer(limit),
            ])
        var scores: [String] = []
        var events: [ListedEvent] = []
        for item in items {
            guard let fields = item.array, fields.count == 4, let score = fields[1].string else {
                throw LedgerError(script: "events")
            }
            scores.append(score)
            let deliveries = try Self.pairs(fields[3], of: "events").compactMapValues(\.string)
            if let event = Self.event(fields[0], head: fields[2], deliveries: deliveries) { events.append(event) }
        }
        return Page(items: events, next: Cursor(behind: scores, startingAt: start, limit: limit))
    }

    /// Lists deliveries of a destination, the earliest first.
    /// - Throws: ``RedisError`` where Redis is away.
    package func deliveries(
        _ set: DeliverySet, of destination: String, from start: Cursor?, limit: Int
    ) async throws -> Page<ListedDelivery> {
        let limit = min(max(limit, 1), Self.maximumPage)
        let key =
            switch set {
            case .pending: keyspace.due(destination)
            case .dead: keyspace.dead(destination)
            case .unknown: keyspace.held(destination)
            }
        let items = try await list(
            Scripts.deliveries, keys: [key],
            arguments: [
                .string(keyspace.base), .string(destination), .string(start?.score ?? "-inf"),
                .integer(start?.passed ?? 0), .integer(limit),
            ])
        var scores: [String] = []
        var deliveries: [ListedDelivery] = []
        for item in items {
            guard let fields = item.array, fields.count == 5, let score = fields[1].string, let at = Double(score),
                let state = fields[3].string, case .bulk(let body) = fields[4]
            else { throw LedgerError(script: "deliveries") }
            scores.append(score)
            guard let event = Self.event(fields[0], head: fields[2], deliveries: [destination: state]),
                let record = event.deliveries[destination]
            else { continue }
            deliveries.append(
                ListedDelivery(
                    event: event, destination: destination, record: record, at: Int64(at), answerBody: body))
        }
        return Page(items: deliveries, next: Cursor(behind: scores, startingAt: start, limit: limit))
    }

    /// Looks one event up; nil where nothing is kept of it.
    /// - Throws: ``RedisError`` where Redis is away.
    package func event(_ reference: EventReference) async throws -> ShownEvent? {
        let items = try await list(
            Scripts.event, keys: [keyspace.event(reference), keyspace.claim(reference)],
            arguments: [.string(keyspace.base), .string(reference.member)])
        guard items.count == 3, let claim = items[0].integer else { throw LedgerError(script: "event") }
        let fields = try Self.pairs(items[1], of: "event")
        guard let head = fields["m"], case .bulk(let body) = fields["b"] else { return nil }
        func named(_ prefix: String) -> [String: RedisValue] {
            let named = fields.filter { $0.key.hasPrefix(prefix) }
            return Dictionary(
                uniqueKeysWithValues: named.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
        guard
            let listed = Self.event(
                .bulk(ByteBuffer(string: reference.member)), head: head,
                deliveries: named(":").compactMapValues(\.string))
        else { throw LedgerError(script: "event") }
        let due = try Self.pairs(items[2], of: "event").compactMapValues(\.string).compactMapValues { score in
            Double(score).map { (at: Int64($0), isLeased: score.utf8.contains(UInt8(ascii: "."))) }
        }
        return ShownEvent(
            listed: listed, body: body, claim: claim < 0 ? nil : .milliseconds(claim), due: due,
            answerBodies: named("y:").compactMapValues { if case .bulk(let body) = $0 { body } else { nil } })
    }

    /// Puts together what a list shows of an event; nil where a hand has deleted its record.
    private static func event(_ member: RedisValue, head: RedisValue, deliveries: [String: String]) -> ListedEvent? {
        guard let reference = member.string.flatMap(EventReference.init(member:)), case .bulk(let packed) = head,
            let (head, receivedAt) = EventHead.unpack(packed)
        else { return nil }
        return ListedEvent(
            reference: reference, head: head, receivedAt: receivedAt,
            deliveries: deliveries.compactMapValues { DeliveryRecord($0) })
    }

    /// A flat list of names and values.
    private static func pairs(_ value: RedisValue, of script: String) throws -> [String: RedisValue] {
        guard let items = value.array, items.count.isMultiple(of: 2) else { throw LedgerError(script: script) }
        var pairs: [String: RedisValue] = [:]
        for index in stride(from: 0, to: items.count, by: 2) {
            guard let name = items[index].string else { throw LedgerError(script: script) }
            pairs[name] = items[index + 1]
        }
        return pairs
    }
}
