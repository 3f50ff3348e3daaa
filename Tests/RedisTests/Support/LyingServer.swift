import NIOCore
import NIOPosix
import TestSupport

@testable import Redis

/// A TCP server that answers the handshake like a Redis, and then does what a test tells it to.
final class LyingServer: Sendable {
    /// What to do after the handshake.
    enum Lie: Sendable {
        /// Sends this after the first command, and then closes.
        case replyThenClose(String)
        /// Sends this after the first command, and stays.
        case reply(String)
        /// Sends this right after the handshake, asked for or not.
        case unasked(String)
        /// Answers the handshake with this.
        case handshake(String)
    }

    let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    static func start(_ lie: Lie) async throws -> LyingServer {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Liar(lie))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return LyingServer(channel: channel)
    }

    var endpoint: RedisEndpoint {
        get throws { try RedisEndpoint(url: "redis://127.0.0.1:\(channel.localAddress?.port ?? 0)") }
    }
}

/// Runs `body` with a server that lies.
func withLyingServer(_ lie: LyingServer.Lie, _ body: (LyingServer) async throws -> Void) async throws {
    try await withPlace {
        let server = try await LyingServer.start(lie)
        do {
            try await body(server)
        } catch {
            try await server.channel.close().get()
            throw error
        }
        try await server.channel.close().get()
    }
}

private final class Liar: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let lie: LyingServer.Lie
    private var shookHands = false

    init(_ lie: LyingServer.Lie) {
        self.lie = lie
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !shookHands {
            // CLIENT SETNAME and PING, which arrive in one piece.
            shookHands = true
            if case .handshake(let text) = lie { return say(text, context) }
            say("+OK\r\n+PONG\r\n", context)
            if case .unasked(let text) = lie { say(text, context) }
            return
        }
        switch lie {
        case .replyThenClose(let text):
            say(text, context)
            context.close(promise: nil)
        case .reply(let text): say(text, context)
        case .unasked, .handshake: break
        }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
