import NIOCore
import NIOPosix

/// A TCP client that sends bytes as they are and collects what comes back.
package final class RawClient: Sendable {
    private let channel: any Channel
    private let received: NIOLoopBound<Received>

    /// Connects to a port of this machine.
    package static func connect(to port: Int, receiveBuffer: Int? = nil) async throws -> RawClient {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        // In the initializer, for the other side may speak, and end, before `connect` returns.
        var bootstrap = ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Received()) }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        let received = try await loop.submit {
            NIOLoopBound(try channel.pipeline.syncOperations.handler(type: Received.self), eventLoop: loop)
        }.get()
        return RawClient(channel: channel, received: received)
    }

    private init(channel: any Channel, received: NIOLoopBound<Received>) {
        self.channel = channel
        self.received = received
    }

    /// Hands text to the socket; whether it arrives is not waited for.
    package func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Whether text that is sent now would have to wait in this process.
    package var isWritable: Bool { channel.isWritable }

    /// Stops or resumes reading.
    package func setReading(_ reads: Bool) async throws {
        try await channel.setOption(.autoRead, value: reads).get()
    }

    /// What has come in so far.
    package func text() async throws -> String {
        try await channel.eventLoop.submit { String(buffer: self.received.value.bytes) }.get()
    }

    /// Whether the other side has ended the connection or its half of it.
    package func hasEnded() async throws -> Bool {
        try await channel.eventLoop.submit { self.received.value.hasEnded }.get()
    }

    /// Waits until the other side has ended the connection, and returns all that came in.
    package func untilEnd() async throws -> String {
        try await eventually("the end of the connection") { try await hasEnded() }
        return try await text()
    }

    /// Closes the connection.
    package func close() async {
        try? await channel.close().get()
    }

    private final class Received: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes = ByteBuffer()
        var hasEnded = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.writeImmutableBuffer(unwrapInboundIn(data))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { hasEnded = true }
        }

        func channelInactive(context: ChannelHandlerContext) { hasEnded = true }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
