import NIOCore
import NIOHTTP1
import Telemetry

/// Stands behind the parser and lets through what keeps to ``HeadRules``, one request at a time, and so many bytes around
/// a body.
///
/// What was read while a request is being answered waits here, and no more is read until it has had its turn. Whatever the
/// gate or the parser refuses is the last thing that is read of the connection, and has its turn, too. NIO's own handler
/// for pipelined requests stops reading during each answer, which costs two calls of epoll_ctl(2) a request.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What waits for its turn.
    private enum Waiting {
        case part(HTTPServerRequestPart)
        case refusal
        /// The sender has no more to say.
        case inputClosed
    }

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
    /// Whether a request went through whose answer has not been given.
    private var isAnswering = false
    private var waiting = CircularBuffer<Waiting>(initialCapacity: 4)
    private var isReadWanted = false
    private var isLettingThrough = false
    private var context: ChannelHandlerContext?
    /// Why the gate was shut, where it was not the parser that found something.
    private var refusal: Refusal?

    init(clock: RequestClock, wire: WireHandler, maximumBody: Int) {
        self.clock = clock
        self.wire = wire
        self.maximumBody = maximumBody
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isShut else { return }
        let part = unwrapInboundIn(data)
        switch part {
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
        take(.part(part), context)
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
        if error as? HTTPParserError == .headerOverflow { refusal = Refusal(.headersTooLarge, .headersTooLarge) }
        close()
        take(.refusal, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { return take(.inputClosed, context) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Turns

    func read(context: ChannelHandlerContext) {
        guard waiting.isEmpty else {
            isReadWanted = true
            return
        }
        context.read()
    }

    /// Notes that the answer to the request under way is written, and lets the next one through.
    func answered() {
        isAnswering = false
        guard let context, !isLettingThrough, !waiting.isEmpty else { return }
        isLettingThrough = true
        while !isAnswering, let next = waiting.popFirst() { letThrough(next, context) }
        isLettingThrough = false
        readIfWanted()
    }

    /// Throws away what waits and what still comes, but reads it: closing with unread bytes would destroy the last answer.
    func shutForGood() {
        close()
        waiting.removeAll()
        readIfWanted()
    }

    private func readIfWanted() {
        guard isReadWanted, waiting.isEmpty else { return }
        isReadWanted = false
        context?.read()
    }

    private func take(_ next: Waiting, _ context: ChannelHandlerContext) {
        if isAnswering || !waiting.isEmpty { return waiting.append(next) }
        letThrough(next, context)
    }

    private func letThrough(_ next: Waiting, _ context: ChannelHandlerContext) {
        switch next {
        case .part(let part):
            if case .end = part { isAnswering = true }
            context.fireChannelRead(wrapInboundOut(part))
        case .refusal: context.fireErrorCaught(HTTPParserError.unknown)
        case .inputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    // MARK: Refusals

    /// What the error that comes through is answered with.
    var reason: Refusal { refusal ?? .malformed }

    private func shut(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        self.refusal = refusal
        close()
        take(.refusal, context)
    }

    private func close() {
        isShut = true
        wire.ignoresInput = true
    }
}
