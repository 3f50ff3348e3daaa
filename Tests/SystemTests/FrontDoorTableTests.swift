import Testing

/// A request at the front door, and what must come back.
struct DoorCase: Sendable, CustomTestStringConvertible {
    let name: String
    let request: @Sendable () throws -> RawRequest
    let status: Int
    /// The body; the id stands for itself.
    let body: String
    var headers: [String: String] = [:]
    var closes = false

    var testDescription: String { name }

    init(
        _ name: String, _ status: Int, _ body: String, headers: [String: String] = [:], closes: Bool = false,
        _ request: @escaping @Sendable () throws -> RawRequest
    ) {
        self.name = name
        self.status = status
        self.body = body
        self.headers = headers
        self.closes = closes
        self.request = request
    }
}

extension DoorCase {
    private static let missing = #"{"error":"Missing headers"}"#
    private static let invalid = #"{"error":"Invalid signature"}"#
    private static let payload = #"{"error":"Invalid payload"}"#

    static let all = taken + unsigned + unusable + unreadable + wrongRequests

    static let taken = [
        DoorCase("an event that is routed", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            try SignedEvent(id: "evt_1").request()
        },
        DoorCase("an event that no route takes", 202, #"{"status":"ignored","id":"evt_1"}"#) {
            try SignedEvent(id: "evt_1", type: "sms.created").request()
        },
        DoorCase("the webhook- headers", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            try SignedEvent(id: "evt_1").request(family: "webhook")
        },
        DoorCase("a query string", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            var request = try SignedEvent(id: "evt_1").request()
            request.target += "?tenant=1&x=%20"
            return request
        },
        DoorCase("a chunked body", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            var request = try SignedEvent(id: "evt_1").request()
            request.chunkSize = 7
            return request
        },
        DoorCase("an id with a quote and a backslash", 202, #"{"status":"accepted","id":"a\"b\\c"}"#) {
            try SignedEvent(id: #"a"b\c"#).request()
        },
        DoorCase("an id of 256 bytes", 202, #"{"status":"accepted","id":"\#(String(repeating: "i", count: 256))"}"#) {
            try SignedEvent(id: String(repeating: "i", count: 256)).request()
        },
        DoorCase("another content type", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            var request = try SignedEvent(id: "evt_1").request()
            request["content-type"] = "text/plain"
            return request
        },
        DoorCase("one right signature among others", 202, #"{"status":"accepted","id":"evt_1"}"#) {
            var request = try SignedEvent(id: "evt_1").request()
            request["svix-signature"] = "v1a,AAAA v1,bm90IGl0 " + (request["svix-signature"] ?? "")
            return request
        },
    ]

    static let unsigned = ["svix-id", "svix-timestamp", "svix-signature"].flatMap { name in
        [
            DoorCase("no \(name)", 400, missing) {
                var request = try SignedEvent().request()
                request[name] = nil
                return request
            },
            DoorCase("\(name) of the other family", 400, missing) {
                var request = try SignedEvent().request()
                request[name.replacing("svix", with: "webhook")] = request[name]
                request[name] = nil
                return request
            },
            DoorCase("\(name) twice", 400, invalid) {
                var request = try SignedEvent().request()
                request.headers.append((name, request[name] ?? ""))
                return request
            },
        ]
    }

    static let unusable = [
        DoorCase("another secret", 400, invalid) {
            try SignedEvent().request(secret: "whsec_c29tZWJvZHktZWxzZXMtc2lnbmluZy1rZXktMTI=")
        },
        DoorCase("a signature that is none", 400, invalid) {
            var request = try SignedEvent().request()
            request["svix-signature"] = "v1,"
            return request
        },
        DoorCase("a changed body", 400, invalid) {
            var request = try SignedEvent().request()
            request.body[request.body.count / 2] ^= 1
            return request
        },
        DoorCase("a changed id", 400, invalid) {
            var request = try SignedEvent().request()
            request["svix-id"]? += "1"
            return request
        },
        DoorCase("a timestamp of six minutes ago", 400, invalid) { try SignedEvent().moved(by: -360).request() },
        DoorCase("a timestamp six minutes ahead", 400, invalid) { try SignedEvent().moved(by: 360).request() },
        DoorCase("a timestamp with a sign", 400, invalid) {
            var event = SignedEvent()
            event.timestamp = "+" + event.timestamp
            return try event.request()
        },
        DoorCase("a timestamp with a fraction", 400, invalid) {
            var event = SignedEvent()
            event.timestamp += ".5"
            return try event.request()
        },
        DoorCase("an id with a dot", 400, invalid) { try SignedEvent(id: "msg.1").request() },
        DoorCase("an id with a space", 400, invalid) { try SignedEvent(id: "msg 1").request() },
        DoorCase("an id beyond ASCII", 400, invalid) { try SignedEvent(id: "msg_é").request() },
        DoorCase("an id of 257 bytes", 400, invalid) {
            try SignedEvent(id: String(repeating: "i", count: 257)).request()
        },
    ]

    static let unreadable = [
        "user.created", "", "{", "[]", "[{\"type\":\"user.created\"}]", "{}", #"{"data":{}}"#, #"{"type":1}"#,
        #"{"type":null}"#, "null", "{\"type\":\"user.created\"}x",
    ].map { body in
        DoorCase("signed: \(body)", 400, payload, headers: ["webhook-delivery": "abort-message"]) {
            try SignedEvent(body: body).request()
        }
    }

    static let wrongRequests = [
        DoorCase("another path", 404, #"{"error":"Not found"}"#) {
            var request = try SignedEvent().request()
            request.target = "/webhooks/other"
            return request
        },
        DoorCase("a path below a source's", 404, #"{"error":"Not found"}"#) {
            var request = try SignedEvent().request()
            request.target += "/more"
            return request
        },
        DoorCase("GET", 405, #"{"error":"Method not allowed"}"#, headers: ["allow": "POST"]) {
            RawRequest(method: "GET")
        },
        DoorCase("PUT with a body", 405, #"{"error":"Method not allowed"}"#, headers: ["allow": "POST"]) {
            var request = try SignedEvent().request()
            request.method = "PUT"
            return request
        },
        DoorCase("a body that says it is too long", 413, #"{"error":"Body too large"}"#, closes: true) {
            RawRequest(body: Array(repeating: 0x20, count: 64 * 1024 + 1))
        },
        DoorCase("a chunked body that turns out too long", 413, #"{"error":"Body too large"}"#, closes: true) {
            RawRequest(body: Array(repeating: 0x20, count: 256 * 1024), chunkSize: 1000)
        },
        DoorCase("headers that are too long", 431, #"{"error":"Headers too large"}"#, closes: true) {
            RawRequest(headers: [("x-long", String(repeating: "x", count: 64 * 1024))])
        },
        DoorCase("too many headers", 431, #"{"error":"Headers too large"}"#, closes: true) {
            RawRequest(headers: (0..<1000).map { ("x-\($0)", "1") })
        },
        DoorCase("no HTTP", 400, #"{"error":"Malformed request"}"#, closes: true) {
            RawRequest(method: "P O S T")
        },
    ]
}

@Suite("The front door's answers")
struct FrontDoorTableTests {
    @Test("Each request gets its answer, and the connection goes on where it can", arguments: DoorCase.all)
    func answers(_ row: DoorCase) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(
                    redis: redis, destinations: [.init("email", email)], routes: ["{ events: [user.*], to: [email] }"],
                    extra: "limits: { body: 64KiB }"))
            try await RawConnection.with(port: gateway.port) { connection in
                let response = try await connection.exchange(row.request())
                #expect(response.status == row.status)
                #expect(response.body == row.body)
                #expect(response["content-type"] == "application/json")
                for (name, value) in row.headers { #expect(response[name] == value) }
                if row.closes {
                    #expect(response["connection"] == "close")
                    try await connection.waitUntilClosed()
                } else {
                    #expect(response["connection"] != "close")
                    let next = try await connection.exchange(SignedEvent().request())
                    #expect(next.status == 202)
                }
            }
            let refused = row.status >= 400
            if refused { #expect(try await redis.keys("og:*:claim:*").count == (row.closes ? 0 : 1)) }
        }
    }
}
