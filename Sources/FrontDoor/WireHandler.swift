import NIOCore

/// The outermost handler of a connection: it sees bytes before they are parsed, and sends answers to what is no request.
///
/// The HTTP handlers behind it let only responses to parsed requests through. A header section that never ends, bytes
/// that are no HTTP and a connection too many are answered past them.
final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let clock: RequestClock
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
        clock.bytesArrived()
        context.fireChannelRead(data)
    }

    /// Sends the last answer of the connection as it is.
    func send(_ answer: Answer) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.lastWords)), promise: nil)
    }

    /// Tells the sender that nothing more comes.
    func closeOutput() {
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
