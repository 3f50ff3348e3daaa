import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import FrontDoor

@Suite struct RequestGateTests {
    /// Counts how often more is asked for.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    private func withGate(_ body: (RequestGate, EmbeddedChannel, ReadCounter) throws -> Void) throws {
        let clock = RequestClock()
        let gate = RequestGate(clock: clock, wire: WireHandler(clock: clock), maximumBody: 1024)
        let reads = ReadCounter()
        let channel = EmbeddedChannel(handlers: [reads, gate])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(gate, channel, reads)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    private func send(_ path: String, to channel: EmbeddedChannel) throws {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: ["host": "a"])
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    /// The paths of the requests that came through since the last call.
    private func through(_ channel: EmbeddedChannel) throws -> [String] {
        var paths: [String] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head(let head) = part { paths.append(head.uri) }
        }
        return paths
    }

    @Test func oneRequestAtATimeComesThrough() throws {
        try withGate { gate, channel, _ in
            for path in ["/1", "/2", "/3"] { try send(path, to: channel) }
            #expect(try through(channel) == ["/1"])
            gate.answered()
            #expect(try through(channel) == ["/2"])
            gate.answered()
            #expect(try through(channel) == ["/3"])
            gate.answered()
            try send("/4", to: channel)
            #expect(try through(channel) == ["/4"])
        }
    }

    @Test func noMoreIsReadWhileARequestWaitsForItsTurn() throws {
        try withGate { gate, channel, reads in
            try send("/1", to: channel)
            reads.count = 0
            channel.read()
            #expect(reads.count == 1, "nothing waits")
            try send("/2", to: channel)
            let before = reads.count
            channel.read()
            // The channel asks the handlers from the end: the gate keeps it from the counter in front of it.
            #expect(reads.count == before)
            gate.answered()
            #expect(reads.count == before + 1)
        }
    }

    @Test func behindTheLastAnswerAllIsReadAndThrownAway() throws {
        try withGate { gate, channel, reads in
            for path in ["/1", "/2"] { try send(path, to: channel) }
            channel.read()
            let before = reads.count
            gate.shutForGood()
            #expect(reads.count == before + 1)
            gate.answered()
            try send("/3", to: channel)
            #expect(try through(channel) == ["/1"])
        }
    }

    @Test func aRefusalWaitsForItsTurn() throws {
        try withGate { gate, channel, _ in
            try send("/1", to: channel)
            try send("no path", to: channel)
            gate.answered()
            #expect(throws: HTTPParserError.self) { try channel.throwIfErrorCaught() }
            #expect(gate.reason == .malformed)
            #expect(try through(channel) == ["/1"])
        }
    }
}
