import Testing

@Suite("What a person does to a running gateway")
struct OperationsTests {
    /// Runs a command of the admin API on a gateway.
    private func run(
        _ words: String..., on gateway: GatewayProcess, _ stage: Stage, exit: ChildProcess.Exit = .code(0),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await stage.run(
            words + ["--config", gateway.configurationPath, "--admin", "http://127.0.0.1:\(gateway.adminPort)"])
        #expect(result.exit == exit, "\(words): \(result.output)\(result.errors)", sourceLocation: sourceLocation)
        return result.output + result.errors
    }

    @Test("A dead letter is listed with its reason, and replayed once the service is mended")
    func replayDeadLetter() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(422))
            let gateway = try await stage.gateway(
                Setup(redis: try await stage.redis(), destinations: [.init("email", email)]))
            let events = [SignedEvent(), SignedEvent(type: "user.deleted")]
            for event in events { try await gateway.accept(event) }
            for event in events { try await gateway.waitForLog("dead letter") { $0["id"] == event.id } }
            let list = try await run("dead-letters", "list", on: gateway, stage)
            #expect(events.allSatisfy { list.contains($0.id) } && list.contains("422"))
            #expect(try await run("events", "list", "--standing", "dead", on: gateway, stage).contains("email dead"))
            let dry = try await run("dead-letters", "replay", "--all", "--dry-run", on: gateway, stage)
            #expect(dry.contains("2"))
            #expect(email.requests.count == 2, "a dry run changes nothing")
            _ = try await run("dead-letters", "replay", on: gateway, stage, exit: .code(64))
            email.answer(.status(200))
            _ = try await run("dead-letters", "replay", "--type", "user.created", on: gateway, stage)
            try await gateway.waitForLog("delivered") { $0["id"] == events[0].id }
            let replayed = try #require(email.requests.last)
            #expect(replayed.id == events[0].id && replayed.attempt == "1")
            #expect(replayed.headers.first(name: "oncegate-replay") == "1")
            #expect(email.requests[0].headers.first(name: "oncegate-replay") == nil)
            _ = try await run("dead-letters", "drop", events[1].id, on: gateway, stage)
            #expect(try await run("dead-letters", "list", on: gateway, stage).contains("no dead letters"))
            #expect(try await run("events", "show", events[1].id, on: gateway, stage).contains("dropped"))
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
        }
    }

    @Test("What is held is listed beside the dead letters, and released by a person")
    func releaseHeld() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.close, .status(200))
            let gateway = try await stage.gateway(
                Setup(
                    redis: try await stage.redis(), destinations: [.init("email", email, "on_unknown: hold")]))
            let event = SignedEvent()
            try await gateway.accept(event)
            try await gateway.waitForLog("outcome unknown, held for a person")
            let list = try await run("dead-letters", "list", on: gateway, stage)
            #expect(list.contains(event.id) && list.contains("unknown"))
            #expect(try await gateway.metric("oncegate_held{destination=\"email\"}") == 1)
            _ = try await run("dead-letters", "replay", "--standing", "unknown", on: gateway, stage)
            try await gateway.waitForLog("delivered") { $0["id"] == event.id }
            #expect(email.requests.count == 2)
            #expect(try await gateway.metric("oncegate_held{destination=\"email\"}") == 0)
        }
    }

    @Test("An event is replayed, to another destination too, and forgotten, so that its sender can send it again")
    func replayAndForget() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let crm = try await stage.service()
            let gateway = try await stage.gateway(
                Setup(
                    redis: try await stage.redis(), destinations: [.init("email", email), .init("crm", crm)],
                    routes: [#"{ events: ["**"], to: [email] }"#]))
            let event = SignedEvent()
            try await gateway.accept(event)
            try await gateway.waitForLog("delivered")
            _ = try await run("replay", event.id, on: gateway, stage)
            try await email.waitForRequests(2)
            _ = try await run("replay", event.id, "--to", "crm", on: gateway, stage)
            try await crm.waitForRequests(1)
            try await gateway.waitForLog("delivered") { $0["destination"] == "crm" }
            #expect(try await gateway.post(event).status == 200)
            _ = try await run("forget", event.id, on: gateway, stage)
            #expect(try await gateway.post(event).status == 202)
            _ = try await run("forget", "msg_nobody", on: gateway, stage, exit: .code(1))
        }
    }

    @Test("A paused destination gets nothing, from no gateway, until it is resumed")
    func pauseAndResume() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let crm = try await stage.service()
            let setup = Setup(
                redis: try await stage.redis(), destinations: [.init("email", email), .init("crm", crm)])
            let gateways = [try await stage.gateway(setup), try await stage.gateway(setup)]
            _ = try await run("destinations", "pause", "email", on: gateways[0], stage)
            for gateway in gateways { try await gateway.accept(SignedEvent()) }
            try await crm.waitForRequests(2)
            #expect(try await gateways[1].metric("oncegate_paused{destination=\"email\"}") == 1)
            #expect(try await run("destinations", "list", on: gateways[1], stage).contains("paused"))
            #expect(email.requests.isEmpty)
            _ = try await run("destinations", "resume", "email", on: gateways[1], stage)
            try await email.waitForRequests(2)
        }
    }

    @Test("What waits for a destination that is taken out of the configuration is listed, moved and dropped")
    func orphans() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let old = try stage.closedService()
            let redis = try await stage.redis()
            var setup = Setup(
                redis: redis, destinations: [.init("email", email), .init("old", old)],
                routes: [#"{ events: ["user.*"], to: [old] }"#, #"{ events: ["session.*"], to: [email] }"#],
                retry: "{ attempts: 50, first: 300ms, factor: 1 }")
            let gateway = try await stage.gateway(setup)
            for _ in 0..<3 { try await gateway.accept(SignedEvent()) }
            _ = try await run("destinations", "drop", "old", on: gateway, stage, exit: .code(1))
            setup.destinations.removeLast()
            setup.routes.removeFirst()
            #expect(try await gateway.reload(stage.yaml(setup)).message == "configuration reloaded")
            #expect(try await gateway.metric("oncegate_orphaned{destination=\"old\"}") == 1)
            #expect(try await gateway.metric("oncegate_pending{destination=\"old\"}") == 3)
            #expect(try await run("destinations", "list", on: gateway, stage).contains("old"))
            let check = try await stage.run("check", "--config", gateway.configurationPath)
            #expect(check.exit == .code(0))
            #expect((check.output + check.errors).contains("the destination old is not configured"))
            _ = try await run("destinations", "move", "old", "--to", "email", on: gateway, stage)
            try await email.waitForRequests(3)
            #expect(email.requests.allSatisfy { $0.headers.first(name: "oncegate-replay") == nil })
            try await eventually("nothing is kept for it") { try await redis.pending() == 0 }
            let clean = try await stage.run("check", "--config", gateway.configurationPath)
            #expect(!(clean.output + clean.errors).contains("is not configured"))
        }
    }

    @Test("Without its token the API tells nothing, and without a gateway a command says so")
    func access() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let gateway = try await stage.gateway(
                yaml: stage.yaml(Setup(redis: try await stage.redis(), destinations: [.init("email", email)]))
                    .replacing(
                        "admin: { listen: 127.0.0.1:0 }", with: "admin: { listen: 127.0.0.1:0, token: a-long-token }"))
            #expect(try await gateway.admin("/api/v1/events").status == 401)
            #expect(try await gateway.admin("/metrics").status == 200)
            #expect(try await run("events", "list", on: gateway, stage).contains("no events"))
            #expect(try await !gateway.wholeLog().contains("a-long-token"))
            #expect(try await gateway.terminate() == .code(0))
            let answer = try await run("events", "list", on: gateway, stage, exit: .code(1))
            #expect(answer.contains("is `oncegate serve` running?"))
        }
    }
}
