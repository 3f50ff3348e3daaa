import Testing

@Suite("The order of a subject's events")
struct OrderTests {
    @Test("With `ordering: subject` a retry holds back its own subject only, through two gateways")
    func retryHoldsBackItsSubject() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(503), .status(503), .status(200))
            let setup = Setup(
                redis: try await stage.redis(), destinations: [.init("email", email, "ordering: subject")],
                retry: "{ attempts: 50, first: 300ms, factor: 1, jitter: 0 }")
            let gateways = [try await stage.gateway(setup), try await stage.gateway(setup)]
            // The first events of both subjects fail once.
            let events = (0..<20).map { SignedEvent(subject: "user_\($0 % 2)") }
            for (index, event) in events.enumerated() { try await gateways[index % 2].accept(event) }
            try await email.waitForRequests(events.count + 2)
            let answered = email.requests.dropFirst(2).compactMap(\.id)
            for subject in 0..<2 {
                let sent = events.indices.filter { $0 % 2 == subject }.map { events[$0].id }
                #expect(answered.filter(Set(sent).contains) == sent)
            }
        }
    }

    @Test("A dead letter unblocks its subject")
    func deadLetter() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(410), .status(200))
            let gateway = try await stage.gateway(
                Setup(redis: try await stage.redis(), destinations: [.init("email", email, "ordering: subject")]))
            let events = [SignedEvent(), SignedEvent()]
            for event in events { try await gateway.accept(event) }
            try await gateway.waitForLog("delivered") { $0["id"] == events[1].id }
            #expect(email.requests.map(\.id) == events.map(\.id))
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 1)
        }
    }

    @Test("With `skip_stale` an update older than one delivered is not sent")
    func stale() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let crm = try await stage.service()
            let gateway = try await stage.gateway(
                Setup(
                    redis: try await stage.redis(),
                    destinations: [.init("email", email, "skip_stale: true"), .init("crm", crm)]))
            func update(at time: Int) -> SignedEvent {
                SignedEvent(body: #"{"type":"user.updated","timestamp":\#(time),"data":{"id":"user_1"}}"#)
            }
            let (new, old) = (update(at: 1_700_000_002_000), update(at: 1_700_000_001_000))
            try await gateway.accept(new)
            try await gateway.waitForLog("delivered") { $0["destination"] == "email" }
            try await gateway.accept(old)
            let line = try await gateway.waitForLog("stale: a later event was delivered before")
            #expect(line["id"] == old.id)
            #expect(line["destination"] == "email")
            try await crm.waitForRequests(2)
            #expect(email.requests.map(\.id) == [new.id])
            let stale = "oncegate_deliveries_total{destination=\"email\",outcome=\"stale\"}"
            #expect(try await gateway.metric(stale) == 1)
        }
    }

    @Test("At `max_pending` of a destination the door answers 503 to what goes there, and to nothing else")
    func bound() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService()
            let crm = try await stage.service()
            let gateway = try await stage.gateway(
                Setup(
                    redis: try await stage.redis(),
                    destinations: [.init("email", email, "max_pending: 2"), .init("crm", crm)],
                    routes: [
                        #"{ events: ["user.*"], to: [email, crm] }"#, #"{ events: ["session.*"], to: [crm] }"#,
                    ],
                    retry: "{ attempts: 50, first: 300ms, factor: 1 }"))
            for _ in 0..<2 { try await gateway.accept(SignedEvent()) }
            let third = SignedEvent()
            let refused = try await gateway.post(third)
            #expect(refused.status == 503)
            let line = try await gateway.waitForLog("not accepted")
            #expect(line["destination"] == "email")
            try await gateway.accept(SignedEvent(type: "session.created"))
            try await email.open()
            try await eventually("there is room again") { try await gateway.post(third).status == 202 }
            try await email.waitForRequests(3)
        }
    }
}
