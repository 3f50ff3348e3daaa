import Testing

@Suite("The front door's connections")
struct FrontDoorConnectionTests {
    /// Runs a body with a gateway that delivers everything to one service.
    private func withGateway(
        extra: String = "", _ body: (GatewayProcess, RecordingService) async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email)], extra: extra))
            try await body(gateway, email)
        }
    }

    @Test("An id that was seen is a duplicate, the second time and the fifth, in flight and finished")
    func duplicates() async throws {
        try await withGateway { gateway, email in
            email.answer(.hold)
            let event = SignedEvent(id: "evt_1")
            try await gateway.accept(event)
            try await email.waitForRequests(1)
            for round in 1...4 {
                if round == 3 {
                    email.release()
                    try await gateway.waitForLog("delivered")
                }
                let again = try await gateway.post(event.moved(by: Int64(round)))
                #expect(again.status == 200)
                #expect(again.body == #"{"status":"duplicate","id":"evt_1"}"#)
            }
            let ignoredBody = try await gateway.post(SignedEvent(id: "evt_1", type: "user.deleted"))
            #expect(ignoredBody.body == #"{"status":"duplicate","id":"evt_1"}"#)
            #expect(email.requests.count == 1)
        }
    }

    @Test("Fifty requests in one write are answered in their order, bad ones among them")
    func pipelining() async throws {
        try await withGateway { gateway, email in
            let events = (0..<50).map { SignedEvent(id: "evt_\($0)") }
            var bytes: [UInt8] = []
            for (index, event) in events.enumerated() {
                var request = try event.request()
                if index % 10 == 3 { request["svix-signature"] = "v1,bm90IGl0" }
                if index % 10 == 5 { request.target = "/nowhere" }
                if index % 10 == 7 { request.chunkSize = 20 }
                bytes += request.bytes
            }
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(bytes)
                for (index, event) in events.enumerated() {
                    let response = try await connection.response()
                    switch index % 10 {
                    case 3: #expect(response.status == 400, "request \(index)")
                    case 5: #expect(response.status == 404, "request \(index)")
                    default: #expect(response.body == #"{"status":"accepted","id":"\#(event.id)"}"#)
                    }
                }
            }
            try await email.waitForRequests(40)
        }
    }

    @Test("A request that comes byte by byte is taken")
    func byteByByte() async throws {
        // A thousand writes may take a busy machine longer than the default allows.
        try await withGateway(extra: "limits: { request_timeout: 60s }") { gateway, _ in
            try await RawConnection.with(port: gateway.port) { connection in
                for byte in try SignedEvent().request().bytes { await connection.send([byte]) }
                #expect(try await connection.response().status == 202)
            }
        }
    }

    @Test("A sender that expects 100-continue is told to go on")
    func expectContinue() async throws {
        try await withGateway { gateway, _ in
            var request = try SignedEvent().request()
            request["expect"] = "100-continue"
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(request.head)
                let goOn = try await connection.response()
                #expect(goOn.status == 100)
                await connection.send(request.framedBody)
                #expect(try await connection.response().status == 202)
                #expect(try await connection.exchange(SignedEvent().request()).status == 202)
            }
        }
    }

    @Test("A sender that expects 100-continue before a body that is too long is told so instead")
    func expectTooLarge() async throws {
        try await withGateway { gateway, _ in
            let request = RawRequest(headers: [("expect", "100-continue"), ("content-length", "999999999")])
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(request.head)
                #expect(try await connection.response().status == 413)
                try await connection.waitUntilClosed()
            }
        }
    }

    @Test("The connection ends after HTTP/1.0 and after `connection: close`", arguments: ["1.0", "1.1"])
    func lastRequest(version: String) async throws {
        try await withGateway { gateway, _ in
            var request = try SignedEvent().request()
            request.version = version
            if version == "1.1" { request["connection"] = "close" }
            try await RawConnection.with(port: gateway.port) { connection in
                let response = try await connection.exchange(request)
                #expect(response.status == 202)
                #expect(response["connection"] == "close")
                try await connection.waitUntilClosed()
            }
        }
    }

    @Test(
        "A request that trickles in is ended with 408",
        arguments: ["in its headers", "in its body", "in a chunked body", "after nothing but its method"])
    func trickle(place: String) async throws {
        try await withGateway(extra: "limits: { request_timeout: 500ms }") { gateway, email in
            var request = try SignedEvent().request()
            request.chunkSize = place == "in a chunked body" ? 10 : nil
            let bytes = request.bytes
            let head = request.head.count
            let start = ["in its headers": head / 2, "after nothing but its method": 4][place] ?? head + 20
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(bytes[..<start])
                var rest = bytes[start...]
                let response = try await eventually(within: .seconds(4), "408") {
                    // Slow, yet never silent: every byte comes in time, the whole does not.
                    if place != "after nothing but its method", rest.count > 10 {
                        await connection.send(rest.prefix(1))
                        rest = rest.dropFirst()
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    return try connection.nextResponse()
                }
                #expect(response.status == 408)
                #expect(response.body == #"{"error":"Request timeout"}"#)
                try await connection.waitUntilClosed()
            }
            #expect(email.requests.isEmpty)
        }
    }

    @Test("A connection on which nothing was said is not held to the time of a request")
    func idle() async throws {
        try await withGateway(extra: "limits: { request_timeout: 500ms }") { gateway, _ in
            try await RawConnection.with(port: gateway.port) { connection in
                try await Task.sleep(for: .seconds(2))  // the absence of an answer is what is looked for
                #expect(try await connection.exchange(SignedEvent().request()).status == 202)
            }
        }
    }

    @Test("More connections than the limit are turned away with 503, and taken again when others leave")
    func connectionLimit() async throws {
        try await withGateway(extra: "limits: { connections: 2 }") { gateway, _ in
            try await RawConnection.with(port: gateway.port) { first in
                #expect(try await first.exchange(SignedEvent().request()).status == 202)
                try await RawConnection.with(port: gateway.port) { second in
                    #expect(try await second.exchange(SignedEvent().request()).status == 202)
                    let third = try await gateway.post(SignedEvent())
                    #expect(third.status == 503)
                    #expect(third["retry-after"] != nil)
                }
                try await eventually("a place is free") { try await gateway.post(SignedEvent()).status == 202 }
            }
        }
    }

    @Test("A sender that says no more after its request still gets its answer")
    func halfClosed() async throws {
        try await withGateway { gateway, _ in
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(try SignedEvent().request())
                await connection.finish()
                #expect(try await connection.response().status == 202)
            }
        }
    }

    @Test("At max_pending the door answers 503, and keeps nothing of the event")
    func full() async throws {
        try await withGateway(extra: "max_pending: 2") { gateway, email in
            email.answer(.hold)
            try await gateway.accept(SignedEvent())
            try await gateway.accept(SignedEvent())
            let third = SignedEvent()
            let refused = try await gateway.post(third)
            #expect(refused.status == 503)
            #expect(refused["retry-after"] != nil)
            #expect(refused.body == #"{"error":"Temporarily unavailable"}"#)
            try await email.waitForRequests(2)
            email.answer(.status(200))
            email.release()
            try await eventually("there is room again") { try await gateway.post(third).status == 202 }
        }
    }
}
