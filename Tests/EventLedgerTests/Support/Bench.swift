import NIOCore
import NIOPosix
import Redis
import TestSupport
import Testing

@testable import EventLedger

/// A ledger over a Redis of its own, and a look at what stands there.
struct Bench {
    let redis: TestRedis
    let connection: RedisConnection
    let ledger: Ledger

    static let keyspace = Keyspace(prefix: "og")
    static let window = 86_400

    static func with(arguments: [String] = [], _ body: (Bench) async throws -> Void) async throws {
        try await TestRedis.with(arguments: arguments) { redis in
            try await redis.withConnection { connection in
                let ledger = Ledger(connection: connection, keyspace: keyspace)
                try await body(Bench(redis: redis, connection: connection, ledger: ledger))
            }
        }
    }

    // MARK: The verbs

    func claim(
        _ event: NewEvent, maximumPending: Int = 1000, window: Int = window, leases: [Duration?] = []
    ) async throws -> ClaimResult {
        let limits = ClaimLimits(window: window, maximumPending: maximumPending)
        return try await ledger.claim(event, limits: limits, leases: leases).get()
    }

    /// Leases as a dispatcher does whose replies have all come.
    func lease(
        _ destination: String = "email", limit: Int = 10, length: Duration = .seconds(20), rate: LeaseRate? = nil,
        holdsUnknown: Bool = false, skipsStale: Bool = false
    ) async throws -> WholeLease {
        try await ledger.lease(
            destination: destination, limit: limit, length: length, rate: rate, holdsUnknown: holdsUnknown,
            skipsStale: skipsStale)
    }

    /// Leases one delivery and records what became of it.
    @discardableResult
    func finish(
        _ destination: String = "email", as verdict: Settlement.Verdict = .delivered, bounds: HistoryBounds = .wide
    ) async throws -> SettlementResult {
        let delivery = try #require(try await lease(destination, limit: 1).deliveries.first)
        return try await settle(delivery, of: destination, as: verdict, bounds: bounds)
    }

    @discardableResult
    func settle(
        _ delivery: LeasedDelivery, of destination: String = "email", as verdict: Settlement.Verdict,
        bounds: HistoryBounds = .wide, guardTime: Duration? = nil
    ) async throws -> SettlementResult {
        let settlement = Settlement(
            reference: delivery.reference, token: delivery.token, verdict: verdict, answer: "200")
        return try #require(
            try await ledger.settle(
                destination: destination, [settlement], bounds: bounds, breaker: .wide, guardTime: guardTime
            ).results.first)
    }

    // MARK: What stands in Redis

    static func claimKey(_ id: String) -> String { keyspace.claim(EventReference(source: "clerk", id: id)) }
    static func eventKey(_ id: String) -> String { keyspace.event(EventReference(source: "clerk", id: id)) }

    func keys() async throws -> Set<String> { Set(try await connection.texts("KEYS", "*")) }

    func members(_ key: String) async throws -> [String] { try await connection.texts("ZRANGE", .string(key), 0, -1) }

    func exists(_ key: String) async throws -> Bool {
        try await connection.command("EXISTS", .string(key)) == .integer(1)
    }

    func pending() async throws -> Int {
        Int(try await connection.command("GET", .string(Self.keyspace.pending)).integer ?? 0)
    }

    func field(_ name: String, of id: String) async throws -> String? {
        try await connection.command("HGET", .string(Self.eventKey(id)), .string(name)).string
    }

    /// What is recorded of a delivery; nil where there is none.
    func record(_ id: String, at destination: String = "email") async throws -> DeliveryRecord? {
        try await field(":" + destination, of: id).flatMap { DeliveryRecord($0) }
    }

    /// The members of the history that are finished, the earliest first.
    func finished() async throws -> [String] {
        try await connection.texts("ZRANGEBYSCORE", .string(Self.keyspace.history), "-inf", "(4503599627370496")
    }

    func lifetime(_ key: String) async throws -> Int {
        Int(try await connection.command("TTL", .string(key)).integer ?? -3)
    }

    /// Lets a delivery fall due, as if its time had come or its lease had run out.
    func makeDue(_ id: String, at destination: String = "email") async throws {
        let due = RedisArgument.string(Self.keyspace.due(destination))
        let score = try await connection.command("ZSCORE", due, .string("clerk:\(id)")).string
        let fraction = score?.firstIndex(of: ".").flatMap { score?[$0...] } ?? ""
        try await connection.command("ZADD", due, "XX", .string("0\(fraction)"), .string("clerk:\(id)"))
    }

    func delete(_ key: String) async throws { try await connection.command("DEL", .string(key)) }
}

extension NewEvent {
    /// An event of the source `clerk`.
    static func sample(
        _ id: String = "msg_1", to destinations: [String] = ["email"], type: String = "user.created",
        subject: String? = "user_1", contentType: String? = "application/json", time: Int64 = 1_700_000_000_000,
        body: [UInt8] = Array("{}".utf8)
    ) -> NewEvent {
        .sample(
            id, targets: destinations.map { NewEvent.Target(name: $0) }, type: type, subject: subject,
            contentType: contentType, time: time, body: body)
    }

    /// An event of the source `clerk` for destinations with settings of their own.
    static func sample(
        _ id: String = "msg_1", targets: [Target], type: String = "user.created", subject: String? = "user_1",
        contentType: String? = "application/json", time: Int64 = 1_700_000_000_000, body: [UInt8] = Array("{}".utf8)
    ) -> NewEvent {
        NewEvent(
            reference: EventReference(source: "clerk", id: id),
            head: EventHead(
                type: type, subject: subject, contentType: contentType,
                traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", signedTimestamp: 1_700_000_000,
                time: time),
            body: ByteBuffer(bytes: body), targets: targets)
    }
}

extension HistoryBounds {
    /// Bounds that nothing in a test reaches.
    static let wide = HistoryBounds(window: Bench.window, time: .seconds(10_000_000_000), events: 100_000)
}

extension BreakerRule {
    /// A rule that nothing in a test breaks.
    static let wide = BreakerRule(failures: 1_000_000, probe: .seconds(10), probeMaximum: .seconds(300))
}

extension Ledger {
    /// Leases as a new dispatcher does.
    func lease(
        destination: String, limit: Int, length: Duration, rate: LeaseRate? = nil, holdsUnknown: Bool = false,
        skipsStale: Bool = false
    ) async throws -> WholeLease {
        var requests = LeaseRequests(dispatcher: String(UInt64.random(in: 0 ... .max)))
        let rule = LeaseRule(
            length: length, rate: rate, holdsUnknown: holdsUnknown, skipsStale: skipsStale, window: Bench.window)
        return try await lease(destination: destination, limit: limit, rule: rule, requests: &requests)
    }
}
