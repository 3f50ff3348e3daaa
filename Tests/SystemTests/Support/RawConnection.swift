import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A TCP connection on which a test says what it likes, byte by byte.
final class RawConnection: Sendable {
    private struct Inbox {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let inbox = Mutex(Inbox())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            inbox.withLock { $0.bytes.append(contentsOf: bytes.readableBytesView) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            inbox.withLock { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    private let channel: any Channel
    private let collector: Collector

    /// Connects to a port of this machine.
    /// - Parameters:
    ///   - address: the address that the connection comes from, one of 127.0.0.0/8.
    ///   - tls: what to speak TLS with, to a server of the name `localhost`; nil for plain TCP.
    init(port: Int, from address: String? = nil, tls: NIOSSLContext? = nil) async throws {
        let collector = Collector()
        self.collector = collector
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    try pipeline.addHandler(collector)
                }
            }
        if let address { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: address, port: 0)) }
        channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
    }

    /// Runs a body with a connection that is closed afterwards.
    static func with<Result>(
        port: Int, from address: String? = nil, tls: NIOSSLContext? = nil,
        _ body: (RawConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await RawConnection(port: port, from: address, tls: tls)
        defer { connection.channel.close(promise: nil) }
        return try await body(connection)
    }

    /// Sends bytes; those that a closed connection does not take are lost, as on any network.
    func send(_ bytes: some Sequence<UInt8>) async {
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Says that nothing more will be sent; answers still come in.
    func finish() async {
        try? await channel.close(mode: .output).get()  // a connection that is closed has finished
    }

    func send(_ request: RawRequest) async {
        await send(request.bytes)
    }

    /// The next response, if it is there as a whole.
    func nextResponse(withoutBody: Bool = false) throws -> RawResponse? {
        try collector.inbox.withLock { inbox in
            guard let (response, length) = try RawResponse.parse(inbox.bytes, withoutBody: withoutBody) else {
                return nil
            }
            inbox.bytes.removeFirst(length)
            return response
        }
    }

    /// Waits for the next response.
    func response(
        within limit: Duration = .seconds(10), withoutBody: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RawResponse {
        try await eventually(within: limit, "a response", sourceLocation: sourceLocation) {
            try nextResponse(withoutBody: withoutBody)
        }
    }

    /// Sends a request and waits for its response.
    func exchange(
        _ request: RawRequest, within limit: Duration = .seconds(10), withoutBody: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RawResponse {
        await send(request)
        return try await response(within: limit, withoutBody: withoutBody, sourceLocation: sourceLocation)
    }

    /// Whether the other side has closed, and said nothing more.
    var isClosed: Bool {
        collector.inbox.withLock { $0.isClosed && $0.bytes.isEmpty }
    }

    /// Whether the other side has closed, whatever it said before.
    var hasEnded: Bool { collector.inbox.withLock { $0.isClosed } }

    /// Waits until the other side closes.
    func waitUntilClosed(
        within limit: Duration = .seconds(5), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually(within: limit, "the connection is closed", sourceLocation: sourceLocation) { isClosed }
    }
}
