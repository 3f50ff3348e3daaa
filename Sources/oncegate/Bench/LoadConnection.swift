import NIOCore

/// One sender on one connection: a request, its answer, the next request.
///
/// The front door gives every answer a `content-length`.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let load: LoadState
    private var received = ByteBuffer()
    /// The request whose answer is waited for, and the time from which it is measured.
    private var current: (request: Int, since: ContinuousClock.Instant)?

    init(load: LoadState) {
        self.load = load
    }

    func channelActive(context: ChannelHandlerContext) {
        sendNext(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard let status = takeAnswer() else { return }
        if let current {
            self.current = nil
            load.answered(current.request, status: status, since: current.since)
        }
        sendNext(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        load.connectionEnded(during: current?.request)
        current = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func sendNext(_ context: ChannelHandlerContext) {
        guard let (request, due) = load.next() else { return context.close(promise: nil) }
        let wait = due.map { $0 - .now } ?? .zero
        guard wait > .zero else { return send(request, since: due ?? .now, context) }
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.value.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) {
            self.send(request, since: due ?? .now, context.value)
        }
    }

    private func send(_ request: Int, since: ContinuousClock.Instant, _ context: ChannelHandlerContext) {
        current = (request, since)
        context.writeAndFlush(wrapOutboundOut(load.message(request)), promise: nil)
    }

    /// Takes a whole answer out of what was received.
    /// - Returns: its status; nil while it is not whole, 0 for what is no answer of a front door.
    private func takeAnswer() -> Int? {
        guard let head = MessageHead(received.readableBytesUInt8Span) else { return nil }
        guard let status = Int(head.word), let length = head.length else {
            received.clear()
            return 0
        }
        guard received.readableBytes >= head.size + length else { return nil }
        received.moveReaderIndex(forwardBy: head.size + length)
        received.discardReadBytes()
        return status
    }
}
