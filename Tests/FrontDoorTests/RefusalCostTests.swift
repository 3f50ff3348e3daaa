import EventLedger
import GatewayConfiguration
import NIOCore
import NIOPosix
import Redis
import TestSupport
import Testing

@testable import FrontDoor

/// A request that is refused never gets as far as Redis.
@Suite struct RefusalCostTests {
    /// Requests that are refused, each on a connection of its own, and their statuses.
    private static func refused() throws -> [(bytes: String, status: String)] {
        let good = try TestDoor.request(close: true)
        return [
            (good.replacing("svix-id: msg_1\r\n", with: ""), "400"),
            (good.replacing("svix-signature: v1,", with: "svix-signature: v1,AAAA"), "400"),
            (good.replacing("svix-timestamp: ", with: "svix-timestamp: 1"), "400"),
            (try TestDoor.request(body: "[]", close: true), "400"),
            (good.replacing("POST /hook", with: "POST /other"), "404"),
            (good.replacing("POST /hook", with: "PUT /hook"), "405"),
            (good.replacing("POST /hook", with: "POST http://localhost/hook"), "400"),
            (good.replacing("host: localhost", with: "x: y"), "400"),
            (good.replacing("content-length: ", with: "content-length: 9999999"), "413"),
            (good.replacing("/hook", with: "/hook?" + String(repeating: "x", count: 9000)), "414"),
            (good.replacing("svix-id", with: "x: \(String(repeating: "x", count: 33_000))\r\nsvix-id"), "431"),
            ("POST /hook HTTP/1.1\r\nhost: a\r\n", "408"), ("nonsense\r\n\r\n", "400"),
        ]
    }

    /// How many commands a server has been sent; each look adds the same few.
    private static func commands(at path: String) async throws -> Int {
        let connection = RedisConnection(
            endpoint: try .unix(path: path), eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: quietLogger)
        let running = Task { try await connection.run() }
        defer { running.cancel() }
        try await connection.waitUntilConnected(deadline: .now + .seconds(15))
        let text = try await connection.command("INFO", "stats").string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_commands_processed:") }
        return try #require(line.flatMap { Int($0.split(separator: ":")[1]) })
    }

    @Test func whatIsRefusedCostsNoCommand() async throws {
        try await TestRedis.with { redis in
            let path = redis.socketPath
            try await redis.withConnection { _ in }  // it listens
            let (first, second) = try await (Self.commands(at: path), Self.commands(at: path))
            let look = second - first
            try await TestDoor.with(limits: .init(requestTimeout: .milliseconds(100)), redis: redis) { door, _ in
                let before = try await Self.commands(at: path)
                for (bytes, status) in try Self.refused() {
                    let client = try await door.connect()
                    client.send(bytes)
                    #expect(try await client.untilEnd().hasPrefix("HTTP/1.1 \(status) "), "\(bytes.prefix(200))")
                    await client.close()
                }
                #expect(try await Self.commands(at: path) - before == look)
                // One that is accepted does cost something, or nothing was measured.
                let client = try await door.connect()
                client.send(try TestDoor.request(close: true))
                #expect(try await client.untilEnd().hasPrefix("HTTP/1.1 202 "))
                await client.close()
                #expect(try await Self.commands(at: path) - before > 2 * look)
            }
        }
    }

    @Test func requestsBeyondTheDepthAreTurnedAwayInTheirTurn() async throws {
        try await TestRedis.with { redis in
            let frozen = Frozen(redis)
            try await TestDoor.with(redis: redis) { door, _ in
                let client = try await door.connect()
                // A long body first, so that as much as possible is read at a time.
                client.send("PUT /hook HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n")
                client.send(String(repeating: "x", count: 300_000))
                try await eventually("the first answer") { try await client.text().contains("405") }
                frozen.freeze()
                client.send(
                    try TestDoor.request() + String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: 400))
                // All loops of the door are one: what came before a later connection's request is read.
                let probe = try await door.connect()
                probe.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                #expect(try await probe.untilEnd().contains("404"))
                await probe.close()
                frozen.thaw()
                let answers = try await client.untilEnd().split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
                #expect(answers.prefix(2) == ["405", "202"])
                #expect(answers.last == "503")
                #expect(answers.dropFirst(2).dropLast().allSatisfy { $0 == "404" })
                #expect(answers.count == 1 + RequestGate.maximumPipelined + 1)
                await client.close()
            }
        }
    }
}
