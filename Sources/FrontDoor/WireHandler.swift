import NIOCore
import NIOTLS

/// The outermost handler of a connection behind TLS: it sees bytes before they are parsed.
final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let clock: RequestClock
    /// How many bytes came in since the gate behind the parser last set it to zero.
    var requestBytes = 0
    /// Whether what comes in is thrown away unparsed: nothing more is answered on this connection.
    var ignoresInput = false

    init(clock: RequestClock) {
        self.clock = clock
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
}
