import NIOCore
import NIOTLS

/// The outermost handler of a connection: it sees bytes before they are parsed, and sends answers to what is no request.
///
/// The HTTP handlers behind it let only responses to parsed requests through. A header section that never ends, bytes
/// that are no HTTP and a connection too many are answered past them.
final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let clock: RequestClock
    /// How many bytes came in since the gate behind the parser last set it to zero.
    var requestBytes = 0
    /// Whether what comes in is thrown away unparsed: nothing more is answered on this connection.
    var ignoresInput = false
    private var context: ChannelHandlerContext?

    init(clock: RequestClock) {
        self.clock = clock
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ignoresInput else { return }
        requestBytes += unwrapInboundIn(data).readableBytes
        clock.bytesArrived()
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { clock.handshakeEnded() }
        context.fireUserInboundEventTriggered(event)
    }

    /// Sends the last answer of the connection as it is.
    func send(_ answer: Answer) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.lastWords)), promise: nil)
    }

    /// Tells the sender that nothing more comes, and listens no longer.
    func closeOutput() {
        ignoresInput = true
        context?.close(mode: .output, promise: nil)
    }
}

extension Answer {
    /// The whole response, for a connection that closes after it.
    var lastWords: String {
        let fields = [
            ("content-type", "application/json"), ("content-length", String(body.utf8.count)), ("connection", "close"),
        ]
        let lines = (fields + headers).map { "\($0): \($1)\r\n" }.joined()
        return "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\(lines)\r\n\(body)"
    }
}
