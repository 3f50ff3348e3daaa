import NIOCore
import NIOHTTP1
import Telemetry

/// Stands behind the parser and lets through what keeps to ``HeadRules``, so many requests at a time, and so many bytes
/// around a body.
///
/// Whatever it or the parser refuses is the last thing that is read of the connection. The handler of pipelined requests
/// behind it hands the refusal on when it is that request's turn.
final class RequestGate: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// How many requests of one connection may wait for their answers; one more is answered with 503 in its turn.
    static let maximumPipelined = 100
    /// How many bytes a head may take on the wire: the parser counts names and values, but no spaces around them.
    static let maximumHeadBytes = 2 * FrontDoor.maximumHeaderBytes
    /// How many bytes a body may take on the wire, for each that it may hold: chunks of a single byte take six.
    static let maximumFraming = 8

    private let clock: RequestClock
    private let wire: WireHandler
    /// The longest body in bytes.
    var maximumBody: Int
    private var isInBody = false
    private var isShut = false
    /// Why the gate was shut, where it was not the parser that found something.
    private var refusal: Refusal?

    init(clock: RequestClock, wire: WireHandler, maximumBody: Int) {
        self.clock = clock
        self.wire = wire
        self.maximumBody = maximumBody
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isShut else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            wire.requestBytes = 0
            isInBody = true
            if let refusal = HeadRules.refusal(of: head) { return shut(refusal, context) }
            guard clock.requestParsed() <= Self.maximumPipelined else {
                return shut(Refusal(.unavailable, .unavailable), context)
            }
        case .body: break
        case .end:
            wire.requestBytes = 0
            isInBody = false
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isShut, wire.requestBytes > Self.maximumHeadBytes {
            if !isInBody {
                shut(Refusal(.headersTooLarge, .headersTooLarge), context)
            } else if wire.requestBytes > Self.maximumHeadBytes + Self.maximumFraming * maximumBody {
                shut(Refusal(.bodyTooLarge, .bodyTooLarge), context)
            }
        }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        guard !isShut else { return }
        close()
        context.fireErrorCaught(error)
    }

    /// What an error of the parser, or the one that stands for a refusal of the gate's own, is answered with.
    func refusal(for error: HTTPParserError) -> Refusal {
        if let refusal { return refusal }
        return error == .headerOverflow ? Refusal(.headersTooLarge, .headersTooLarge) : .malformed
    }

    private func shut(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        self.refusal = refusal
        close()
        // Only an error of this type waits for its turn behind requests whose answers are still to come.
        context.fireErrorCaught(HTTPParserError.unknown)
    }

    private func close() {
        isShut = true
        wire.ignoresInput = true
    }
}
