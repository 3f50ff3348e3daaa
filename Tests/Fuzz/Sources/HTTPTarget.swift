import EventLedger
import GatewayConfiguration
import Logging
import NIOCore
import NIOEmbedded
import Redis
import Telemetry

@testable import FrontDoor

/// The front door's pipeline, from bytes to bytes, with Redis away. An input is what one connection sends.
enum HTTPTarget {
    private static let yaml = """
        trusted_proxies: [127.0.0.0/8]
        limits: { body: 1KiB }
        sources:
          clerk: { path: /hook, secrets: ["\(secret)"] }
          near: { path: /near, secrets: ["\(secret)"], allowed_addresses: [10.0.0.0/8] }
          github: { path: /github, scheme: github, secrets: ["\(secret)"] }
          stripe: { path: /stripe, scheme: stripe, secrets: ["\(secret)"] }
          slack: { path: /slack, scheme: slack, secrets: ["\(secret)"] }
        destinations: { email: { url: "http://email/" } }
        routes: [{ events: ["**"], to: [email] }]
        """
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    /// The address of a sender that comes by itself.
    private static let direct = "192.0.2.1"
    private static let proxy = "127.0.0.1"
    /// The client that the seeds' proxies speak of.
    private static let client = "192.0.2.7"

    private static let door: Door = unwrap("a door") {
        let loaded = GatewayConfiguration.load(
            yaml: yaml, file: "f", environment: [:], readFile: { _ in fatalError("no file is named") })
        return try Door(
            configuration: try loaded.get().configuration, metrics: Metrics(version: "fuzz"), logger: logger,
            clock: { 1_700_000_000 }, onQueued: { _ in }, opening: { _, _ in nil })
    }

    static func run(_ input: [UInt8]) {
        let address = input.fingerprint % 2 == 0 ? direct : proxy
        let whole = answers(to: [input[...]], from: address)
        checkAnswers(whole)
        let pieces = answers(to: input.pieces, from: address)
        require(
            whole == pieces,
            "how a request is cut changes nothing:\n\(String(decoding: whole, as: UTF8.self))\n-- but in pieces:\n"
                + String(decoding: pieces, as: UTF8.self))
    }

    /// Everything that is sent back on one connection.
    private static func answers(to pieces: [ArraySlice<UInt8>], from address: String) -> [UInt8] {
        let loop = EmbeddedEventLoop()
        let wire = SentBytes()
        let channel = EmbeddedChannel(loop: loop)
        unwrap("a connection is served to its end") {
            let redis = RedisConnection(
                endpoint: try .unix(path: "/nonexistent"), eventLoop: loop, logger: logger)
            try channel.pipeline.syncOperations.addHandler(wire)
            try FrontDoor.configure(
                channel, door: door, ledger: Ledger(connection: redis, keyspace: Keyspace(prefix: "og")),
                connections: LoopConnections(eventLoop: loop))
            let peer = try SocketAddress(ipAddress: address, port: 1)
            channel.connect(to: peer, promise: nil)
            for piece in pieces where channel.isActive { try channel.writeInbound(ByteBuffer(bytes: piece)) }
            if channel.isActive { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
            loop.advanceTime(by: RequestHandler.lingerTime)
            require(!wire.isOutputClosed || !channel.isActive, "a connection ends after its last answer")
            if channel.isActive { channel.close(promise: nil) }
            loop.run()
            _ = try channel.finish(acceptAlreadyClosed: true)
        }
        for address in [direct, proxy, client].compactMap({ IPAddress($0) }) {
            require(door.addresses.enter(address, limit: 1), "an ended connection is no longer counted")
            door.addresses.leave(address)
        }
        return wire.bytes
    }

    private static let statuses: Set<Substring> = [
        "100", "200", "400", "403", "404", "405", "408", "413", "414", "431", "503",
    ]

    /// Checks that what was sent is whole responses with the length that they say, and nothing behind the last.
    private static func checkAnswers(_ bytes: [UInt8]) {
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        var isLast = false
        while !rest.isEmpty {
            require(!isLast, "nothing follows the last answer")
            guard let end = rest.firstRange(of: "\r\n\r\n") else { fatalError("an answer's head ends: \(rest)") }
            let lines = rest[..<end.lowerBound].split(separator: "\r\n", omittingEmptySubsequences: false)
            rest = rest[end.upperBound...]
            let status = lines[0].dropFirst(9).prefix(3)
            require(lines[0].hasPrefix("HTTP/1.1 ") && statuses.contains(status), "an answer of the door: \(lines[0])")
            guard status != "100" else { continue }
            let body = takeBody(lines, &rest)
            // Redis is away, so that nothing is accepted: only a question is answered.
            require(status != "200" || body.hasPrefix(#"{"challenge":"#), "no event is accepted without Redis")
            isLast = lines.contains("connection: close")
        }
    }

    /// Takes the body of an answer; that to HEAD has none.
    private static func takeBody(_ head: [Substring], _ rest: inout Substring) -> Substring {
        let name = "content-length: "
        let lengths = head.filter { $0.hasPrefix(name) }.compactMap { Int($0.dropFirst(name.count)) }
        guard lengths.count == 1 else { fatalError("an answer has one length: \(head)") }
        guard rest.first == "{" else { return "" }
        require(rest.utf8.count >= lengths[0], "a body is as long as its answer says")
        let body = Substring(rest.utf8.prefix(lengths[0]))
        require(ReferenceJSON.accepts(Array(body.utf8), maximumDepth: 1), "a body is JSON: \(body)")
        rest = Substring(rest.utf8.dropFirst(lengths[0]))
        return body
    }
}

/// Takes the place of the socket: keeps what is sent, and closes one direction alone where it is told to.
private final class SentBytes: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private(set) var bytes: [UInt8] = []
    private(set) var isOutputClosed = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        require(!isOutputClosed, "nothing is sent behind the end")
        bytes += unwrapOutboundIn(data).readableBytesView
        promise?.succeed()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        isOutputClosed = true
        promise?.succeed()
    }
}
