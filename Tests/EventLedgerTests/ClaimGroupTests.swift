import NIOCore
import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Claims of one turn of the loop, which one call makes.
@Suite struct ClaimGroupTests {
    /// Claims all in one turn of the loop.
    private static func claim(
        _ events: [NewEvent], _ bench: Bench, maximumPending: Int = 1000, leases: [Duration?] = []
    ) async throws -> [ClaimResult] {
        let limits = ClaimLimits(window: Bench.window, maximumPending: maximumPending)
        let ledger = bench.ledger
        let futures = try await bench.connection.eventLoop.submit {
            events.map { ledger.claim($0, limits: limits, leases: leases) }
        }.get()
        var results: [ClaimResult] = []
        for future in futures { results.append(try await future.get()) }
        return results
    }

    private static let enough = ClaimQueue.enoughForACall
    private static let whole = ClaimGroup.maximumEvents
    private static let inTurns: [Int] = [
        2, enough, enough + 3, 2 * enough + 1, enough + whole + 1, enough + whole + 2,
    ]
    private static let inOneTurn: [Int] = [
        enough - 1, enough, enough + 1, 2 * enough, 3 * enough, 2 * enough + whole + 1,
    ]

    private static let ordered = NewEvent.Target(name: "email", isOrdered: true)

    private static func calls(_ bench: Bench) async throws -> Int {
        let statistics = try #require(try await bench.connection.command("INFO", "commandstats").string)
        let counts = statistics.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("cmdstat_evalsha:") }
        return counts.first?.split(separator: "=").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    }

    @Test func oneCallClaimsThemAllAndEachHasItsOwnResult() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample("seen"))
            let before = try await Self.calls(bench)
            let results = try await Self.claim(
                [
                    .sample("a", to: ["email"]), .sample("seen"), .sample("b", to: ["crm", "email"]),
                    .sample("a", to: ["email"]), .sample("none", to: []), .sample("c", to: ["analytics"]),
                ], bench)
            #expect(results == [.claimed, .duplicate, .claimed, .duplicate, .claimed, .claimed])
            #expect(try await Self.calls(bench) == before + 1)
            #expect(try await bench.pending() == 5)
            let members = try await bench.members(Bench.keyspace.due("email"))
            #expect(Set(members) == ["clerk:seen", "clerk:a", "clerk:b"])
            try await bench.checkInvariants()
        }
    }

    @Test func boundsCountWithinTheGroup() async throws {
        try await Bench.with { bench async throws in
            let all = try await Self.claim(
                [.sample("a", to: ["email", "crm"]), .sample("b", to: ["email", "crm"]), .sample("c", to: ["crm"])],
                bench, maximumPending: 3)
            #expect(all == [.claimed, .full(destination: nil), .claimed], "what is too large leaves room for others")
            #expect(try await bench.pending() == 3)
            let bounded = NewEvent.Target(name: "analytics", maximumPending: 2)
            let events = (1...4).map { NewEvent.sample("d\($0)", targets: [bounded]) }
            let results = try await Self.claim(events, bench)
            let full = ClaimResult.full(destination: "analytics")
            #expect(results == [.claimed, .claimed, full, full])
            #expect(try await !bench.exists(Bench.claimKey("d3")), "the sender keeps it")
            #expect(try await bench.pending() == 5)
            try await bench.checkInvariants()
        }
    }

    @Test func eachIsLeasedForItsOwnTargets() async throws {
        try await Bench.with { bench async throws in
            let (events, limits) = ([NewEvent.sample("a"), .sample("b"), .sample("c", to: ["crm"])], ClaimLimits.wide)
            let leases: [[Duration?]] = [[], [.seconds(20)], [.seconds(30)]]
            let ledger = bench.ledger
            let futures = try await bench.connection.eventLoop.submit {
                zip(events, leases).map { ledger.claim($0, limits: limits, leases: $1) }
            }.get()
            #expect(try await futures[0].get() == .claimed)
            guard case .leased(_, [0]) = try await futures[1].get(), case .leased(_, [0]) = try await futures[2].get()
            else {
                Issue.record("not leased")
                return
            }
            #expect(try await bench.lease().deliveries.map(\.reference.id) == ["a"])
            #expect(try await bench.lease("crm").deliveries.isEmpty)
        }
    }

    @Test func anOrderIsThatOfTheGroup() async throws {
        try await Bench.with { bench async throws in
            let target = Self.ordered
            let events = (1...3).map { NewEvent.sample("\($0)", targets: [target], subject: "user_1") }
            let results = try await Self.claim(events + [.sample("other", targets: [target])], bench)
            #expect(results.allSatisfy { $0 == .claimed })
            for number in 1...3 {
                let leased = try await bench.lease().deliveries
                #expect(leased.map(\.reference.id).filter { $0 != "other" } == ["\(number)"])
                for delivery in leased { _ = try await bench.settle(delivery, as: .delivered) }
            }
            try await bench.checkInvariants()
        }
    }

    @Test func oneThatIsRefusedLeavesNoneBehind() async throws {
        try await Bench.with { bench async throws in
            try await bench.connection.command("CONFIG", "SET", "maxmemory", 1)
            let ledger = bench.ledger
            let futures = try await bench.connection.eventLoop.submit {
                ["a", "b"].map { ledger.claim(.sample($0), limits: .wide) }
            }.get()
            for future in futures {
                await #expect(throws: RedisError.self) { _ = try await future.get() }
            }
            #expect(try await bench.keys().isEmpty)
        }
    }

    /// Redis takes nothing back of a script that fails, and a claim without its deliveries would be an event lost.
    @Test(arguments: ["og:{0}:event:clerk:bad", "og:{0}:due:crm", "og:{0}:history", "og:{0}:queue:email:clerk:user_1"])
    func whatFailsInTheMiddleIsUndoneAndTheSenderKeepsIt(key: String) async throws {
        try await Bench.with { bench async throws in
            try await bench.connection.command(key.hasSuffix("bad") ? "SADD" : "HSET", .string(key), "x", "y")
            let (ledger, limits) = (bench.ledger, ClaimLimits.wide)
            let targets = [Self.ordered, NewEvent.Target(name: "crm")]
            func futures() async throws -> [EventLoopFuture<ClaimResult>] {
                try await bench.connection.eventLoop.submit {
                    ["a", "bad", "b"].map { ledger.claim(.sample($0, targets: targets), limits: limits) }
                }.get()
            }
            for future in try await futures() {
                await #expect(throws: RedisError.self) { _ = try await future.get() }
            }
            for id in ["a", "bad", "b"] { #expect(try await !bench.exists(Bench.claimKey(id))) }
            #expect(try await bench.pending() == 0)
            try await bench.delete(key)
            for future in try await futures() { #expect(try await future.get() == .claimed) }
            #expect(try await bench.pending() == 6)
            #expect(try await bench.lease("crm").deliveries.count == 3)
        }
    }

    @Test func eachGoesOutByItsOwnPlan() async throws {
        try await Bench.with { bench async throws in
            let events = [
                NewEvent.sample("a", to: ["email", "crm"]), .sample("b", to: ["crm", "email"]),
                .sample("c", to: ["crm"]),
                .sample("d", to: ["email", "crm"]), .sample("e", targets: [Self.ordered], subject: nil),
                .sample("f", targets: [Self.ordered, NewEvent.Target(name: "crm")]), .sample("g", to: []),
            ]
            let (before, limits) = (try await Self.calls(bench), ClaimLimits.wide)
            let ledger = bench.ledger
            let leases: [[Duration?]] = [[.seconds(20), nil], [nil, .seconds(20)], [.seconds(20)], [], [], [], []]
            let ordered = events[4...5].map(\.reference.id)
            for part in [events.filter { !ordered.contains($0.reference.id) }, Array(events[4...5])] {
                let futures = try await bench.connection.eventLoop.submit {
                    part.map { event in
                        let index = events.firstIndex { $0 === event } ?? 0
                        return ledger.claim(event, limits: limits, leases: leases[index])
                    }
                }.get()
                for (event, future) in zip(part, futures) {
                    switch (event.reference.id, try await future.get()) {
                    case ("a", .leased(_, [0])), ("b", .leased(_, [1])), ("c", .leased(_, [0])): break
                    case ("d", .claimed), ("e", .claimed), ("f", .claimed), ("g", .claimed): break
                    case let (id, result): Issue.record("\(id): \(result)")
                    }
                }
            }
            #expect(try await Self.calls(bench) == before + 2)
            #expect(Set(try await bench.lease("crm").deliveries.map(\.reference.id)) == ["a", "b", "d", "f"])
            #expect(Set(try await bench.lease().deliveries.map(\.reference.id)) == ["d", "e", "f"])
            #expect(try await bench.exists("og:{0}:queue:email:clerk:user_1"), "only what has a subject has a lane")
            try await bench.checkInvariants()
        }
    }

    /// A first call is under way, and another one waits for its reply unless it has enough to claim; with two under way
    /// it waits until it can claim no more.
    @Test(arguments: zip(inTurns, [2, 2, 3, 3, 3, 4]))
    func whatComesWhileRedisWorksIsClaimedByTheNextCall(claims: Int, calls: Int) async throws {
        try await Bench.with { bench async throws in
            let (before, limits) = (try await Self.calls(bench), ClaimLimits.wide)
            let ledger = bench.ledger
            bench.redis.freeze()
            var futures: [EventLoopFuture<ClaimResult>] = []
            for number in 0..<claims {
                // Each in a turn of its own.
                futures += try await bench.connection.eventLoop.submit {
                    [ledger.claim(.sample("\(number)"), limits: limits)]
                }.get()
            }
            bench.redis.thaw()
            for future in futures { #expect(try await future.get() == .claimed) }
            #expect(try await Self.calls(bench) == before + calls)
            try await bench.checkInvariants()
        }
    }

    /// Of what comes in one turn, so many are claimed by a call that does not wait for its end, as long as fewer than two
    /// are under way.
    @Test(arguments: zip(inOneTurn, [1, 1, 2, 2, 3, 4]))
    func enoughOfOneTurnDoNotWaitForItsEnd(claims: Int, calls: Int) async throws {
        try await Bench.with { bench async throws in
            let before = try await Self.calls(bench)
            let results = try await Self.claim((0..<claims).map { .sample("\($0)") }, bench)
            #expect(results.allSatisfy { $0 == .claimed })
            #expect(try await Self.calls(bench) == before + calls)
            try await bench.checkInvariants()
        }
    }

    @Test func whatDoesNotBelongTogetherIsClaimedApart() async throws {
        try await Bench.with { bench async throws in
            let promise = bench.connection.eventLoop.makePromise(of: ClaimResult.self)
            promise.succeed(.claimed)
            func claim(_ event: NewEvent, _ leases: [Duration?] = []) -> ClaimGroup.Claim {
                ClaimGroup.Claim(event: event, leases: leases, promise: promise)
            }
            let first = claim(.sample("a"), [.seconds(20)])
            let (narrow, ordered) = (ClaimLimits(window: 1, maximumPending: 1), [Self.ordered])
            var group = ClaimGroup(first, limits: .wide)
            let taken = [
                group.add(claim(.sample("b")), limits: .wide),
                group.add(claim(.sample("c")), limits: narrow),
                group.add(claim(.sample("c", to: ["new", "email"]), [nil, .seconds(21)]), limits: .wide),
                group.add(claim(.sample("c", targets: ordered)), limits: .wide),
            ]
            #expect(taken == [true, false, false, false])
            let words = group.call(Bench.keyspace)
            #expect(words.keys.count == 4, "what was not taken has left nothing")
            #expect(words.arguments.count == 22)
        }
    }

    @Test func aGroupHasAnEnd() async throws {
        try await Bench.with { bench async throws in
            let promise = bench.connection.eventLoop.makePromise(of: ClaimResult.self)
            promise.succeed(.claimed)
            func claim(_ event: NewEvent) -> ClaimGroup.Claim {
                ClaimGroup.Claim(event: event, leases: [], promise: promise)
            }
            var large = ClaimGroup(claim(.sample(body: [UInt8](repeating: 0, count: 2 << 20))), limits: .wide)
            let isTaken = large.add(claim(.sample("a")), limits: .wide)
            #expect(!isTaken)
            var many = ClaimGroup(claim(.sample("a")), limits: .wide)
            let taken = (0..<2 * ClaimGroup.maximumEvents).map { many.add(claim(.sample("\($0)")), limits: .wide) }
            #expect(taken.count { $0 } == ClaimGroup.maximumEvents - 1)
            let hundred = (0..<100).map { "to_\($0)" }
            var wide = ClaimGroup(claim(.sample("a", to: hundred)), limits: .wide)
            let takenWide = (0..<9).map { wide.add(claim(.sample("\($0)", to: hundred)), limits: .wide) }
            #expect(takenWide.count { $0 } == 2)
        }
    }

    @Test func manyMoreThanOneCallTakesAreAllClaimed() async throws {
        try await Bench.with { bench async throws in
            let events = (0..<500).map { NewEvent.sample("\($0)", to: $0 % 3 == 0 ? ["crm"] : ["email", "crm"]) }
            #expect(try await Self.claim(events, bench).allSatisfy { $0 == .claimed })
            #expect(try await Self.claim(events, bench).allSatisfy { $0 == .duplicate })
            let deliveries = events.reduce(0) { $0 + $1.targets.count }
            #expect(try await bench.pending() == deliveries)
            try await bench.checkInvariants()
        }
    }
}

extension ClaimLimits {
    fileprivate static let wide = ClaimLimits(window: Bench.window, maximumPending: 1000)
}
