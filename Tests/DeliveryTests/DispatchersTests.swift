import Curl
import EventLedger
import GatewayConfiguration
import NIOHTTP1
import Redis
import TestSupport
import Testing

@testable import Delivery

@Suite struct DispatchersTests {
    @Test func everyEventArrivesOnce() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service), .sample("crm", at: service)]) { bench in
                let ids = (0..<200).map { "msg_\($0)" }
                try await bench.claim(ids, to: ["email", "crm"])
                try await eventually("all are delivered") {
                    let pending = try await bench.pending() + bench.pending("crm")
                    return pending == 0
                }
                for name in ["email", "crm"] {
                    let arrived = service.requests.filter { $0.destination == name }
                    #expect(arrived.map(\.id).sorted() == ids.sorted())
                    #expect(arrived.allSatisfy { $0.attempt == 1 })
                }
                #expect(try await bench.record("msg_0")?.standing == .delivered)
            }
        }
    }

    @Test func whatWaitedBeforeTheStartIsDelivered() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                try await bench.claim(["msg_1"], notify: false)
                try await eventually("nobody needs to be told") { try await bench.pending() == 0 }
                #expect(service.requests.count == 1)
            }
        }
    }

    @Test func concurrencyIsNeverExceeded() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: 5)]) { bench in
                try await bench.claim((0..<100).map { "msg_\($0)" })
                try await eventually("five are under way") { service.underWay == 5 }
                service.release()
                try await eventually("all are delivered") { try await bench.pending() == 0 }
                #expect(service.mostUnderWay == 5)
                #expect(service.requests.count == 100)
            }
        }
    }

    @Test func moreThanOneLeaseAtATimeIsUnderWay() async throws {
        let count = Dispatcher.maximumLease + 10
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: count + 10)]) { bench in
                try await bench.claim((0..<count).map { "msg_\($0)" }, notify: false)
                bench.dispatchers.notify(["email"])
                try await eventually("all are under way") { service.underWay == count }
                service.release()
                try await eventually("all are delivered") { try await bench.pending() == 0 }
            }
        }
    }

    @Test func anEventWhoseBodyIsGoneIsADeadLetterAndHoldsUpNoOther() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([]) { bench in
                try await bench.claim(["gone", "here"], notify: false)
                try await bench.connection.command("HDEL", "og:{0}:event:clerk:gone", "b")
                bench.dispatchers.apply(DeliveryBench.configuration([.sample(at: service)]))
                try await eventually("none waits") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.id) == ["here"])
                #expect(try await bench.deadLetters() == 1)
                #expect(try await bench.field(":email", of: "gone")?.contains("\ndead ") == true)
            }
        }
    }

    @Test func aFailureIsRepeatedUntilItSucceeds() async throws {
        let answer: @Sendable (HTTPService.Request) -> HTTPService.Answer = { request in
            HTTPService.Answer(status: request.attempt < 3 ? .internalServerError : .ok)
        }
        try await HTTPService.with(answer: answer) { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                try await bench.claim(["msg_1"])
                try await eventually("it is delivered") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.attempt) == [1, 2, 3])
                #expect(Set(service.requests.map(\.id)) == ["msg_1"])
                #expect(try await bench.deadLetters() == 0)
            }
        }
    }

    @Test(arguments: [(HTTPResponseStatus.serviceUnavailable, 3), (.gone, 1), (.movedPermanently, 3)])
    func whatCannotBeDeliveredBecomesADeadLetter(status: HTTPResponseStatus, attempts: Int) async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(status: status) }) { service in
            try await DeliveryBench.with([.sample(at: service, attempts: 3)]) { bench in
                try await bench.claim(["msg_1"])
                try await eventually("it is given up") { try await bench.deadLetters() == 1 }
                #expect(try await bench.pending() == 0)
                #expect(service.requests.map(\.attempt) == Array(1...attempts))
                #expect(try await bench.record("msg_1")?.entries.first?.answer == "\(status.code)")
            }
        }
    }

    @Test func oneDestinationThatHangsHoldsUpNoOther() async throws {
        try await HTTPService.with(answer: { HTTPService.Answer(isHeld: $0.destination == "crm") }) { service in
            try await DeliveryBench.with([
                .sample(at: service, concurrency: 2), .sample("crm", at: service, concurrency: 2),
            ]) { bench in
                try await bench.claim((0..<50).map { "msg_\($0)" }, to: ["email", "crm"])
                try await eventually("the other gets all") { try await bench.pending() == 0 }
                #expect(service.requests.filter { $0.destination == "crm" }.count == 2)
                service.release()
                try await eventually("and so does it") { try await bench.pending("crm") == 0 }
            }
        }
    }

    @Test func anEventThatCannotBeSentIsADeadLetterAndHoldsUpNoOther() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: 1)]) { bench in
                try await bench.claim(["msg_1", "msg_2"], notify: false)
                try await bench.connection.command("HSET", "og:{0}:event:clerk:msg_1", "b", "[]")
                bench.dispatchers.notify(["email"])
                try await eventually("both are settled") { try await bench.pending() == 0 }
                #expect(try await bench.deadLetters() >= 0)
                #expect(service.requests.contains { $0.id == "msg_2" })
            }
        }
    }

    @Test func answersOutliveARestartOfRedis() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: 3)]) { bench in
                try await bench.claim(["msg_1", "msg_2", "msg_3", "msg_4"])
                try await eventually("three are under way") { service.underWay == 3 }
                bench.redis.kill()
                try await eventually("Redis is missed") { bench.connection.status != .connected }
                service.release()
                try await eventually("all are answered") { service.underWay == 0 }
                try bench.redis.start()
                try await eventually("all are recorded") { (try? await bench.pending()) == 0 }
                #expect(service.requests.map(\.attempt) == [1, 1, 1, 1], "none is repeated")
                #expect(Set(service.requests.map(\.id)).count == 4)
                // What is known is recorded before anything new is asked for.
                let first = try #require(try await bench.firstScript())
                #expect(first.contains(" delivered "), "\(first)")
            }
        }
    }
}

/// The end of the dispatchers, and other configurations.
@Suite struct DispatchersLifeTests {
    @Test(arguments: [1, 2])
    func theEndWaitsForWhatIsUnderWayAndRecordsIt(count: Int) async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: count)]) { bench in
                try await bench.claim(["msg_1", "msg_2", "msg_3"])
                try await eventually("some are under way") { service.underWay == count }
                bench.cancel()
                try await eventually("nothing is taken on") { bench.dispatchers.destinations.isEmpty }
                service.release()
                try await bench.ended()
                #expect(service.requests.count == count)
                #expect(try await bench.pending() == 3 - count)
                #expect(try await bench.deadLetters() == 0)
                for request in service.requests {
                    #expect(try await bench.record(request.id)?.standing == .delivered)
                }
            }
        }
    }

    @Test func anIdleEndIsQuick() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                try await eventually("it works") { bench.dispatchers.destinations == ["email"] }
                let start = ContinuousClock.now
                bench.cancel()
                try await bench.ended()
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    /// A lease can come in after the end was asked for. What is then not sent has cost no attempt: with the only
    /// attempt used up it would be a dead letter that no service ever saw.
    @Test func aLeaseThatComesTooLateCostsNothing() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service, attempts: 1)]) { bench in
                try await eventually("it works") { bench.dispatchers.destinations == ["email"] }
                try await bench.claim(["msg_0"])
                try await eventually("it delivers") { service.requests.count == 1 }
                try await bench.claimOutOfReach("msg_1")
                bench.redis.freeze()
                let due = bench.makeDue("msg_1")
                bench.dispatchers.notify(["email"])
                try await bench.settleLoop()
                bench.cancel()
                try await eventually("the end has begun") { bench.dispatchers.destinations.isEmpty }
                try await bench.settleLoop()
                bench.redis.thaw()
                _ = try await due.get()
                try await bench.ended()
                #expect(try await bench.deadLetters() == 0)
                let isDelivered = service.requests.contains { $0.id == "msg_1" }
                #expect(try await bench.pending() == (isDelivered ? 0 : 1))
                if !isDelivered {
                    var requests = LeaseRequests(dispatcher: "other")
                    let lease = try await bench.ledger.lease(
                        destination: "email", limit: 1, rule: LeaseRule(length: .seconds(1), window: 60),
                        requests: &requests)
                    #expect(lease.deliveries.map(\.attempt) == [1], "the next process has it at once")
                }
            }
        }
    }

    @Test func destinationsComeAndGo() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                try await eventually("it works") { bench.dispatchers.destinations == ["email"] }
                bench.dispatchers.apply(DeliveryBench.configuration([.sample("crm", at: service)]))
                try await eventually("it is followed") { bench.dispatchers.destinations == ["crm"] }
                // One configuration is in force as a whole before the next one is looked at.
                bench.dispatchers.apply(
                    DeliveryBench.configuration([.sample("crm", at: service), .sample("probe", at: service)]))
                try await eventually("it is followed, too") { bench.dispatchers.destinations == ["crm", "probe"] }
                try await bench.claim(["msg_1"], to: ["email", "crm"])
                try await eventually("the new one gets it") { try await bench.pending("crm") == 0 }
                #expect(try await bench.pending() == 1, "what waits for the other stays")
                bench.dispatchers.apply(
                    DeliveryBench.configuration([.sample(at: service), .sample("crm", at: service)]))
                try await eventually("it comes back") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.destination).sorted() == ["crm", "email"])
            }
        }
    }

    @Test func whatIsUnderWayToADestinationThatGoesIsRecorded() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                try await bench.claim(["msg_1"])
                try await eventually("it is under way") { service.underWay == 1 }
                bench.dispatchers.apply(DeliveryBench.configuration([]))
                try await eventually("it is gone") { bench.dispatchers.destinations.isEmpty }
                service.release()
                try await eventually("its answer counts") { try await bench.pending() == 0 }
                #expect(service.requests.count == 1)
            }
        }
    }

    @Test func aDestinationThatChangesIsFollowed() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: 1)]) { bench in
                try await bench.claim((0..<6).map { "msg_\($0)" })
                try await eventually("one is under way") { service.underWay == 1 }
                bench.dispatchers.apply(DeliveryBench.configuration([.sample(at: service, concurrency: 4)]))
                try await eventually("four are") { service.underWay == 4 }
                service.release()
                try await eventually("all are delivered") { try await bench.pending() == 0 }
                #expect(service.requests.count == 6)
            }
        }
    }

    /// The lease is as long as the timeout in force when it was asked for: a request that went by another one could
    /// outlast it, and be repeated while it is under way.
    @Test func aLeaseUnderWayKeepsTheConfigurationItBeganWith() async throws {
        try await HTTPService.with { old in
            try await HTTPService.with { new in
                try await DeliveryBench.with([.sample(at: old)]) { bench in
                    // When Redis is stopped while the dispatcher's own look is under way, the next one comes too late.
                    var ids = (1...10).map { "msg_\($0)" }[...]
                    while old.requests.isEmpty, let id = ids.popFirst() {
                        bench.dispatchers.apply(DeliveryBench.configuration([.sample(at: old)]))
                        try await eventually("the old one is in force") { bench.dispatchers.destinations == ["email"] }
                        try await bench.claimOutOfReach(id)
                        bench.redis.freeze()
                        let due = bench.makeDue(id)
                        bench.dispatchers.notify(["email"])
                        try await bench.settleLoop()
                        bench.dispatchers.apply(
                            DeliveryBench.configuration([.sample(at: new), .sample("probe", at: new)]))
                        try await eventually("the new one is") { bench.dispatchers.destinations.contains("probe") }
                        bench.redis.thaw()
                        _ = try await due.get()
                        try await eventually("it is delivered") { try await bench.pending() == 0 }
                    }
                    #expect(old.requests.count == 1)
                    let before = new.requests.count
                    try await bench.claim(["next"])
                    try await eventually("the next one goes the new way") { new.requests.count == before + 1 }
                }
            }
        }
    }
}

extension DeliveryBench {
    /// Claims an event that no lease finds yet.
    fileprivate func claimOutOfReach(_ id: String) async throws {
        // Both in one write of the loop, so that no lease comes in between.
        let event = NewEvent(
            reference: EventReference(source: "clerk", id: id), head: .sample,
            body: .init(string: #"{"type":"user.created"}"#), targets: [NewEvent.Target(name: "email")])
        let limits = ClaimLimits(window: 86_400, maximumPending: 100)
        let (ledger, connection) = (ledger, connection)
        _ = try await connection.eventLoop.flatSubmit {
            _ = ledger.claim(event, limits: limits)
            return connection.send(["ZADD", "og:{0}:due:email", "XX", "9000000000000000", .string("clerk:\(id)")])
        }.get()
    }

    /// Lets the dispatchers' loop get on with what it was told.
    fileprivate func settleLoop() async throws {
        for _ in 0..<20 { try await connection.eventLoop.submit {}.get() }
    }

    /// The first script that changed something since Redis started, in the words of its slow log.
    fileprivate func firstScript() async throws -> String? {
        let entries = try await connection.command("SLOWLOG", "GET", -1).array ?? []
        let calls = entries.compactMap { $0.array?[3].array?.compactMap(\.string) }
        let changes = calls.filter { $0.first?.uppercased() == "EVALSHA" && $0.contains("og:{0}:pending") }
        return changes.last?.joined(separator: " ")
    }
}
