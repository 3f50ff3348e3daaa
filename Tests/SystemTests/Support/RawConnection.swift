import NIOCore
import NIOPosix
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
    init(port: Int) async throws {
        let collector = Collector()
        self.collector = collector
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Runs a body with a connection that is closed afterwards.
    static func with<Result>(port: Int, _ body: (RawConnection) async throws -> Result) async throws -> Result {
        let connection = try await RawConnection(port: port)
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

    /// Waits until the other side closes.
    func waitUntilClosed(
        within limit: Duration = .seconds(5), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually(within: limit, "the connection is closed", sourceLocation: sourceLocation) { isClosed }
    }
}
