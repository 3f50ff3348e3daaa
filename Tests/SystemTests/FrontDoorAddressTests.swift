import Testing

@Suite("The front door and where requests come from")
struct FrontDoorAddressTests {
    /// Runs a body with a gateway of some settings.
    private func withGateway(
        extra: String = "", source: String = "", _ body: (GatewayProcess, PrivateRedis) async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            var yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", email)], extra: extra))
            if !source.isEmpty { yaml = yaml.replacing("secrets: [", with: "\(source), secrets: [") }
            try await body(try await stage.gateway(yaml: yaml), redis)
        }
    }

    private func status(
        _ gateway: GatewayProcess, from address: String, forwarded: [String] = []
    ) async throws -> Int {
        var request = try SignedEvent().request()
        request.headers += forwarded.map { ("x-forwarded-for", $0) }
        return try await RawConnection.with(port: gateway.port, from: address) { try await $0.exchange(request).status }
    }

    @Test("A source with a list takes events from nowhere else, whatever the sender says")
    func allowed() async throws {
        try await withGateway(source: "allowed_addresses: [127.0.0.2, 127.0.1.0/24]") { gateway, redis in
            #expect(try await status(gateway, from: "127.0.0.2") == 202)
            #expect(try await status(gateway, from: "127.0.1.77") == 202)
            #expect(try await status(gateway, from: "127.0.0.3") == 403)
            #expect(try await status(gateway, from: "127.0.0.3", forwarded: ["127.0.0.2"]) == 403)
            #expect(try await status(gateway, from: "127.0.2.1") == 403)
            #expect(try await redis.keys("og:*:claim:*").count == 2)
            let refused = try await gateway.waitForLog("refused")
            #expect(refused["outcome"] == "forbidden_address")
            #expect(refused["client"] == "127.0.0.3")
            #expect(try await gateway.waitForLog("accepted")["client"] == "127.0.0.2")
            #expect(
                try await gateway.metric(#"oncegate_events_total{source="clerk",outcome="forbidden_address"}"#) == 3)
            // The connection can be used again.
            try await RawConnection.with(port: gateway.port, from: "127.0.0.3") { connection in
                for _ in 0..<2 {
                    let response = try await connection.exchange(SignedEvent().request())
                    #expect(response.status == 403)
                    #expect(response.body == #"{"error":"Forbidden"}"#)
                }
            }
        }
    }

    @Test("Behind a proxy that is trusted its word counts, and no one else's")
    func proxies() async throws {
        try await withGateway(
            extra: "trusted_proxies: [127.0.0.9, 10.0.0.0/8]",
            source: "allowed_addresses: [203.0.113.0/24, \"2001:db8::/32\"]"
        ) { gateway, _ in
            let rows: [(peer: String, forwarded: [String], status: Int)] = [
                ("127.0.0.9", ["203.0.113.7"], 202), ("127.0.0.9", ["6.6.6.6, 203.0.113.7, 10.1.1.1"], 202),
                ("127.0.0.9", ["[2001:db8::5]:4711"], 202), ("127.0.0.9", ["203.0.113.7, 6.6.6.6"], 403),
                ("127.0.0.9", ["203.0.113.7, nonsense"], 403), ("127.0.0.9", [], 403),
                ("127.0.0.1", ["203.0.113.7"], 403),
            ]
            for row in rows {
                let status = try await status(gateway, from: row.peer, forwarded: row.forwarded)
                #expect(status == row.status, "\(row)")
            }
            _ = try await gateway.wholeLog()
            let clients = gateway.log.filter { $0.message == "accepted" }.map { $0["client"] }
            #expect(clients == ["203.0.113.7", "203.0.113.7", "2001:db8::5"])
            let refused = gateway.log.filter { $0.message == "refused" }.map { $0["client"] }
            #expect(refused == ["6.6.6.6", "127.0.0.9", "127.0.0.9", "127.0.0.1"])
        }
    }

    @Test("One address has no more connections than its share, and takes none from others")
    func connectionsPerAddress() async throws {
        try await withGateway(extra: "limits: { connections_per_address: 2 }") { gateway, _ in
            try await RawConnection.with(port: gateway.port, from: "127.0.0.2") { first in
                #expect(try await first.exchange(SignedEvent().request()).status == 202)
                try await RawConnection.with(port: gateway.port, from: "127.0.0.2") { second in
                    #expect(try await second.exchange(SignedEvent().request()).status == 202)
                    try await RawConnection.with(port: gateway.port, from: "127.0.0.2") { third in
                        let response = try await third.exchange(SignedEvent().request())
                        #expect(response.status == 503)
                        #expect(response["retry-after"] != nil)
                        try await third.waitUntilClosed()
                    }
                    #expect(try await status(gateway, from: "127.0.0.3") == 202)
                    #expect(try await first.exchange(SignedEvent().request()).status == 202)
                }
                try await eventually("a place is free") { try await status(gateway, from: "127.0.0.2") == 202 }
            }
        }
    }

    @Test("Behind a proxy one client has no more requests under way than its share")
    func requestsPerClient() async throws {
        try await withGateway(
            extra: "trusted_proxies: [127.0.0.1]\nlimits: { connections_per_address: 1, request_timeout: 60s }"
        ) { gateway, _ in
            var slow = try SignedEvent().request()
            slow["x-forwarded-for"] = "203.0.113.7"
            slow["expect"] = "100-continue"
            try await RawConnection.with(port: gateway.port) { connection async throws in
                await connection.send(slow.head)
                #expect(try await connection.response(withoutBody: true).status == 100, "its head has been read")
                #expect(try await status(gateway, from: "127.0.0.1", forwarded: ["203.0.113.7"]) == 503)
                #expect(try await status(gateway, from: "127.0.0.1", forwarded: ["203.0.113.8"]) == 202)
                #expect(try await status(gateway, from: "127.0.0.1") == 202)
                await connection.send(slow.body)
                #expect(try await connection.response().status == 202)
                #expect(try await status(gateway, from: "127.0.0.1", forwarded: ["203.0.113.7"]) == 202)
                await connection.send(slow.head)
            }
            // Whoever leaves in the middle of a request gives its place back.
            try await eventually("the place is free") {
                try await status(gateway, from: "127.0.0.1", forwarded: ["203.0.113.7"]) == 202
            }
        }
    }

    @Test("A connection on which nothing comes is closed when `idle_timeout` is over")
    func idle() async throws {
        try await withGateway(extra: "limits: { idle_timeout: 3s }") { gateway, _ in
            try await RawConnection.with(port: gateway.port) { connection in
                #expect(try await connection.exchange(SignedEvent().request()).status == 202)
                try await connection.waitUntilClosed()
            }
        }
    }

    @Test(
        "Who waits for 100-continue gets the refusal at once, and the connection ends",
        arguments: [("GET", 405), ("POST", 403), ("elsewhere", 404), ("POST", 413)])
    func expectations(method: String, status: Int) async throws {
        let source = status == 403 ? "allowed_addresses: [127.0.0.2]" : ""
        try await withGateway(extra: "limits: { request_timeout: 60s }", source: source) { gateway, _ in
            var request = RawRequest(
                headers: [("expect", "100-Continue"), ("content-length", status == 413 ? "99999999" : "10")])
            if method == "elsewhere" { request.target = "/elsewhere" } else { request.method = method }
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(request.head)
                #expect(try await connection.response().status == status)
                try await connection.waitUntilClosed()
            }
            // HTTP/1.0 has no such word: the sender would take it for the answer.
            request = try SignedEvent().request()
            request.version = "1.0"
            request["expect"] = "100-continue"
            #expect(try await gateway.send(request).status == (status == 403 ? 403 : 202))
        }
    }
}
