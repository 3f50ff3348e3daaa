import Redis
import TestSupport
import Testing

@testable import EventLedger

@Suite struct RedisInspectionTests {
    struct Case: Sendable {
        let info: String?
        let policy: String?
        let appendOnly: String?
        let findings: [RedisInspection.Finding]
    }

    static let fine = "# Server\r\nredis_version:7.0.15\r\n\r\n# Replication\r\nrole:master\r\n"

    @Test(arguments: [
        Case(info: fine, policy: "noeviction", appendOnly: "yes", findings: []),
        Case(
            info: "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\nrole:master\r\n",
            policy: "noeviction", appendOnly: "yes", findings: []),
        Case(info: "redis_version:6.2.0\nrole:master\n", policy: "noeviction", appendOnly: "yes", findings: []),
        Case(
            info: "redis_version:6.0.16\r\nrole:master\r\n", policy: "noeviction", appendOnly: "yes",
            findings: [.tooOld(version: "6.0.16")]),
        Case(
            info: "redis_version:5.0.7\r\n", policy: "noeviction", appendOnly: "yes",
            findings: [.tooOld(version: "5.0.7")]),
        Case(info: "redis_version:10.0.0\r\n", policy: "noeviction", appendOnly: "yes", findings: []),
        Case(
            info: "redis_version:7.0.15\r\nrole:slave\r\n", policy: "noeviction", appendOnly: "yes",
            findings: [.isReplica]),
        Case(
            info: fine, policy: "volatile-lru", appendOnly: "no",
            findings: [.evicts(policy: "volatile-lru"), .notDurable]),
        Case(
            info: nil, policy: nil, appendOnly: nil,
            findings: [.cannotTell(command: "INFO"), .cannotTell(command: "CONFIG GET")]),
        Case(info: fine, policy: nil, appendOnly: nil, findings: [.cannotTell(command: "CONFIG GET")]),
        // Hosted Redis forbids CONFIG, but INFO says the same.
        Case(
            info: fine + "maxmemory_policy:volatile-lru\r\naof_enabled:0\r\n", policy: nil, appendOnly: nil,
            findings: [.evicts(policy: "volatile-lru"), .notDurable]),
        Case(
            info: fine + "maxmemory_policy:noeviction\r\naof_enabled:1\r\n", policy: nil, appendOnly: nil,
            findings: []),
        Case(info: "", policy: "noeviction", appendOnly: "yes", findings: []),
    ])
    func judgesTheServersOwnWords(_ row: Case) {
        let inspection = RedisInspection(info: row.info, evictionPolicy: row.policy, appendOnly: row.appendOnly)
        #expect(inspection.findings == row.findings)
    }

    @Test func findsNothingWrongWithAServerThatIsAsItShouldBe() async throws {
        try await Bench.with { bench async throws in
            #expect(try await bench.ledger.inspect().findings == [])
            try await bench.ledger.ping()
        }
    }

    @Test func findsWhatIsWrong() async throws {
        try await Bench.with(arguments: ["--maxmemory-policy", "allkeys-lru", "--appendonly", "no"]) {
            bench async throws in
            #expect(try await bench.ledger.inspect().findings == [.evicts(policy: "allkeys-lru"), .notDurable])
        }
    }

    @Test func saysWhatItMayNotAsk() async throws {
        try await Bench.with(arguments: ["--rename-command", "CONFIG", "", "--rename-command", "INFO", ""]) {
            bench async throws in
            #expect(
                try await bench.ledger.inspect().findings
                    == [.cannotTell(command: "INFO"), .cannotTell(command: "CONFIG GET")])
        }
    }

    @Test func asksInfoWhereConfigIsForbidden() async throws {
        let words = ["--rename-command", "CONFIG", "", "--maxmemory-policy", "volatile-lru"]
        try await Bench.with(arguments: words) { bench async throws in
            #expect(try await bench.ledger.inspect().findings == [.evicts(policy: "volatile-lru")])
        }
    }

    @Test func aRedisThatIsAwayIsAnError() async throws {
        try await Bench.with { bench async throws in
            bench.redis.kill()
            await #expect(throws: RedisError.self) { try await bench.ledger.inspect() }
            await #expect(throws: RedisError.self) { try await bench.ledger.ping() }
        }
    }
}
