import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) struct RedisEndpointTests {
    @Test(arguments: [
        ("redis://localhost", RedisEndpoint(transport: .tcp(host: "localhost", port: 6379, tls: false))),
        ("redis://localhost/", RedisEndpoint(transport: .tcp(host: "localhost", port: 6379, tls: false))),
        ("REDIS://h:1", RedisEndpoint(transport: .tcp(host: "h", port: 1, tls: false))),
        ("rediss://h:6380/3", RedisEndpoint(transport: .tcp(host: "h", port: 6380, tls: true), database: 3)),
        ("redis://h?db=4", RedisEndpoint(transport: .tcp(host: "h", port: 6379, tls: false), database: 4)),
        ("redis://[::1]:7000/0", RedisEndpoint(transport: .tcp(host: "::1", port: 7000, tls: false))),
        ("redis://[::1]", RedisEndpoint(transport: .tcp(host: "::1", port: 6379, tls: false))),
        (
            "redis://:pw@h",
            RedisEndpoint(
                transport: .tcp(host: "h", port: 6379, tls: false), credentials: .init(user: nil, password: "pw"))
        ),
        (
            "redis://us%40er:p%2Fw%3A%25%3f@h:1",
            RedisEndpoint(
                transport: .tcp(host: "h", port: 1, tls: false), credentials: .init(user: "us@er", password: "p/w:%?"))
        ),
        (
            "redis://u:a@b:c@h:1",
            RedisEndpoint(
                transport: .tcp(host: "h", port: 1, tls: false), credentials: .init(user: "u", password: "a@b:c"))
        ),
        ("unix:///run/redis.sock", RedisEndpoint(transport: .unix(path: "/run/redis.sock"))),
        ("unix:///a%20b?db=2", RedisEndpoint(transport: .unix(path: "/a b"), database: 2)),
        (
            "unix:///s?user=u&password=p%26q&db=1",
            RedisEndpoint(transport: .unix(path: "/s"), credentials: .init(user: "u", password: "p&q"), database: 1)
        ),
        (
            "unix://:pw@/s",
            RedisEndpoint(transport: .unix(path: "/s"), credentials: .init(user: nil, password: "pw"))
        ),
    ])
    func good(url: String, expected: RedisEndpoint) throws {
        #expect(try RedisEndpoint(url: url) == expected)
    }

    @Test(arguments: [
        ("", RedisURLError.Code.unsupportedScheme),
        ("localhost:6379", .unsupportedScheme),
        ("http://hunter2@h", .unsupportedScheme),
        ("redis:h", .unsupportedScheme),
        ("redis://", .missingHost),
        ("redis:///1", .missingHost),
        ("redis://:6379", .missingHost),
        ("redis://a b", .invalidHost),
        ("redis://[::1", .invalidHost),
        ("redis://[hunter2]", .invalidHost),
        ("redis://[::1]hunter2", .invalidHost),
        ("redis://h:0", .invalidPort),
        ("redis://h:65536", .invalidPort),
        ("redis://h:", .invalidPort),
        ("redis://h:+1", .invalidPort),
        ("redis://u:hunter2/x@h:1", .invalidPort),
        ("redis://h/hunter2", .invalidDatabase),
        ("redis://h/-1", .invalidDatabase),
        ("redis://h/1/2", .invalidDatabase),
        ("redis://hunter2@h", .invalidCredentials),
        ("redis://u:@h", .invalidCredentials),
        ("redis://u:hunter2%@h", .invalidEscape),
        ("redis://u:hunter2%zz@h", .invalidEscape),
        ("redis://u:hunter2%ff@h", .invalidEscape),
        ("redis://u:hunter2%00@h", .invalidEscape),
        ("redis://h?hunter2", .invalidParameter),
        ("redis://h?hunter2=1", .invalidParameter),
        ("redis://h?password=hunter2", .invalidParameter),
        ("redis://h?db=1&db=2", .invalidParameter),
        ("redis://u:hunter2#@h", .fragment),
        ("unix://", .missingPath),
        ("unix:///", .missingPath),
        ("unix://hunter2/s", .missingPath),
        ("unix:///s?user=u", .invalidCredentials),
        ("unix:///" + String(repeating: "x", count: 107), .pathTooLong),
    ])
    func bad(url: String, code: RedisURLError.Code) {
        let error = #expect(throws: RedisURLError.self) { try RedisEndpoint(url: url) }
        #expect(error?.code == code)
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
    }

    @Test func longestSocketPathIsAccepted() throws {
        let path = "/" + String(repeating: "x", count: RedisEndpoint.maximumSocketPathLength - 1)
        #expect(try RedisEndpoint.unix(path: path).description == "unix://\(path)")
    }

    @Test(arguments: [
        ("redis://someone:hunter2@h:1/5", "redis://h:1/5"),
        ("rediss://:hunter2@[::1]", "rediss://[::1]:6379/0"),
        ("unix:///s?user=someone&password=hunter2&db=2", "unix:///s?db=2"),
    ])
    func descriptionHidesCredentials(url: String, expected: String) throws {
        let endpoint = try RedisEndpoint(url: url)
        #expect(endpoint.description == expected)
        var dumped = ""
        dump(endpoint, to: &dumped)
        for shown in ["\(endpoint)", String(reflecting: endpoint), String(describing: [endpoint]), dumped] {
            #expect(!shown.contains("hunter2") && !shown.contains("someone"))
        }
    }
}
