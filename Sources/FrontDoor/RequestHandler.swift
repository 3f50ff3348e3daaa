import EventLedger
import NIOCore
import NIOHTTP1
import NIOSSL
import Telemetry

/// One connection of the front door: collects a request, has it decided on, and answers.
///
/// The gate before it hands over one request at a time. Everything runs on the connection's event loop.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Nothing of a request has been parsed.
        case idle
        /// The body of an event is coming in.
        case receiving(HTTPRequestHead, DoorPlan.Source, ByteBuffer?)
        /// The answer is known; the rest of the request is read so that the connection can be used again.
        case discarding(Answer, keepAlive: Bool, bytes: Int)
        /// Redis is asked.
        case claiming
        /// The last answer is given; what still comes in is thrown away.
        case closing
    }

    /// How long after its last answer a connection stays open for the sender to read it: closing at once, with unread
    /// bytes in the receive buffer, would reset the connection and destroy the answer (RFC 9112 section 9.6).
    static let lingerTime = TimeAmount.seconds(1)

    private let door: Door
    private let ledger: Ledger
    private let connections: LoopConnections
    private let clock: RequestClock
    private let wire: WireHandler
    private let gate: RequestGate
    private let client: Client
    private var entry = Door.Entry.open
    private var state = State.idle
    private var plan: DoorPlan
    /// Whether the request is HEAD, whose answer has no body (RFC 9110 section 9.3.2).
    private var isHead = false
    private var context: ChannelHandlerContext?

    init(
        door: Door, ledger: Ledger, connections: LoopConnections, clock: RequestClock, wire: WireHandler,
        gate: RequestGate
    ) {
        self.door = door
        self.ledger = ledger
        self.connections = connections
        self.clock = clock
        self.wire = wire
        self.gate = gate
        client = Client(counts: door.addresses)
        plan = door.plan
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        connections.add(self)
        entry = door.connectionOpened(isWelcome: client.connect(from: context.remoteAddress, plan))
        if door.isDraining { return close() }
        switch entry {
        case .open: break
        case .turnedAway:
            door.refused(source: nil, outcome: .unavailable, client: client.shown)
            endWith(.unavailable)
        case .dropped:
            door.dropped()
            close()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.disconnect()
        door.connectionClosed(entry)
        connections.remove(self)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .idle): begin(head)
        case (.body(let bytes), .receiving(let head, let source, let body)):
            state = .idle  // so that the buffer is not shared while it grows
            receive(bytes, of: head, source: source, after: body)
        case (.body(let bytes), .discarding(let answer, let keepAlive, let count)):
            discard(count + bytes.readableBytes, answer: answer, keepAlive: keepAlive)
        case (.end, .receiving(let head, let source, let body)):
            decide(head, source: source, body: body ?? ByteBuffer())
        case (.end, .discarding(let answer, let keepAlive, _)):
            respond(answer, keepAlive: keepAlive)
        case (_, .closing): break
        default: endWith(.malformed)
        }
    }

    // MARK: Receiving

    private func begin(_ head: HTTPRequestHead) {
        plan = door.plan
        isHead = head.method == .HEAD
        clock.bytesArrived()  // those of a pipelined request came while the one before it was answered
        gate.maximumBody = plan.maximumBody
        guard client.begin(head, plan), !door.isDraining else {
            return refuse(.unavailable, .unavailable, source: nil, head, keepAlive: false)
        }
        guard let source = plan.source(target: head.uri) else {
            return refuse(.notFound, .unknownPath, source: nil, head)
        }
        guard client.isAllowed(by: source) else {
            return refuse(.forbidden, .forbiddenAddress, source: source.name, head)
        }
        guard head.method == .POST else {
            return refuse(.methodNotAllowed, .wrongMethod, source: source.name, head)
        }
        if let length = head.headers.first(name: "content-length").flatMap(Int.init), length > plan.maximumBody {
            return refuseLongBody(source: source)
        }
        state = .receiving(head, source, nil)
        if head.expectsContinue {
            context?.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: Answer.goOn)), promise: nil)
        }
    }

    private func receive(
        _ bytes: ByteBuffer, of head: HTTPRequestHead, source: DoorPlan.Source, after body: ByteBuffer?
    ) {
        guard (body?.readableBytes ?? 0) + bytes.readableBytes <= plan.maximumBody else {
            return refuseLongBody(source: source)
        }
        guard var body else {
            state = .receiving(head, source, bytes)
            return
        }
        body.writeImmutableBuffer(bytes)
        state = .receiving(head, source, body)
    }

    /// Notes an answer that is known before the body is there.
    private func refuse(
        _ answer: Answer, _ outcome: EventOutcome, source: String?, _ head: HTTPRequestHead, keepAlive: Bool = true
    ) {
        door.refused(source: source, outcome: outcome, client: client.shown)
        // Whoever waits for a word before the body gets this one, and whether the body then follows is anyone's guess.
        guard !head.expectsContinue else { return respond(answer, keepAlive: false) }
        state = .discarding(answer, keepAlive: keepAlive && head.canBeFollowed, bytes: 0)
    }

    private func refuseLongBody(source: DoorPlan.Source) {
        door.refused(source: source.name, outcome: .bodyTooLarge, client: client.shown)
        respond(.bodyTooLarge, keepAlive: false)
    }

    private func discard(_ count: Int, answer: Answer, keepAlive: Bool) {
        guard count <= plan.maximumBody else { return respond(answer, keepAlive: false) }
        state = .discarding(answer, keepAlive: keepAlive, bytes: count)
    }

    // MARK: Deciding

    private func decide(_ head: HTTPRequestHead, source: DoorPlan.Source, body: ByteBuffer) {
        let admission = Admission.decide(
            headers: head.headers, body: body, source: source, plan: plan, now: door.clock()
        ) {
            Traceparent.make(using: &connections.random)
        } onVerified: {
            source.metrics.verified(secret: source.secretPositions[$0])
        }
        switch admission {
        case .answerChallenge(let text):
            door.challenged(source: source.name)
            respond(.challenge(text), keepAlive: head.canBeFollowed)
        case .refuse(let answer, let outcome):
            door.refused(source: source.name, outcome: outcome, client: client.shown)
            respond(answer, keepAlive: head.canBeFollowed)
        case .claim(let event):
            state = .claiming
            let start = clock.start
            clock.requestEnded()
            let openings = door.openings(for: event, on: connections.eventLoop)
            let claim = ledger.claim(event, limits: plan.claimLimits, leases: openings.leases)
            claim.assumeIsolated().whenComplete { result in
                let answer = self.door.claimed(
                    event, openings, result: result, duration: .now() - start, client: self.client.shown)
                self.respond(answer, keepAlive: head.canBeFollowed)
            }
        }
    }

    // MARK: Answering

    private func respond(_ answer: Answer, keepAlive: Bool) {
        guard let context else { return }
        let keepAlive = keepAlive && !door.isDraining
        state = keepAlive ? .idle : .closing
        clock.answered()
        client.end()
        let response = answer.response(keepAlive: keepAlive, withBody: !isHead, context.channel.allocator)
        context.writeAndFlush(wrapOutboundOut(response), promise: nil)
        if keepAlive { gate.answered() } else { linger(context) }
    }

    /// Answers what is no request, and ends the connection.
    private func endWith(_ answer: Answer) {
        isHead = false
        respond(answer, keepAlive: false)
    }

    private func linger(_ context: ChannelHandlerContext) {
        gate.shutForGood()
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { self.close() }
    }

    // MARK: Ending

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            if case .handshakeFailed = error as? NIOSSLError {
                door.refused(source: nil, outcome: .tlsFailed, client: client.shown)
            }
            return context.close(promise: nil)
        }
        if case .closing = state { return }
        door.refused(source: nil, outcome: gate.reason.outcome, client: client.shown)
        endWith(gate.reason.answer)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The sender has no more to say: between requests that ends the connection.
        if event as? ChannelEvent == .inputClosed, clock.isIdle { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// Whether the sender has had its time, for its request or for beginning one.
    func isLate(now: NIODeadline) -> Bool {
        clock.isLate(now: now, requestTimeout: plan.requestTimeout, idleTimeout: plan.idleTimeout)
    }

    /// Answers a request that takes too long, and ends a connection on which nothing comes.
    func closeIfLate(now: NIODeadline) {
        guard isLate(now: now) else { return }
        switch state {
        case .idle where clock.isIdle: close()
        case .idle, .receiving, .discarding:
            door.refused(source: nil, outcome: .tooSlow, client: client.shown)
            endWith(.tooSlow)
        case .claiming, .closing: break
        }
    }

    /// Ends the connection if nothing is under way on it; otherwise its next answer is the last.
    func beginDraining() {
        if clock.isIdle { close() }
    }

    /// Ends the connection at once.
    func close() {
        context?.close(promise: nil)
    }
}

extension HTTPRequestHead {
    /// Whether another request can follow on the same connection: behind an offer to upgrade the parser reads nothing.
    fileprivate var canBeFollowed: Bool { isKeepAlive && !headers.contains(name: "upgrade") }

    /// Whether the sender waits for a word before it sends the body (RFC 9110, section 10.1.1).
    fileprivate var expectsContinue: Bool {
        version == .http1_1 && headers.first(name: "expect")?.lowercased() == "100-continue"
    }
}
