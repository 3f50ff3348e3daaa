import NIOCore

/// Carries out on a channel what ``Handshake`` and ``CommandPipeline`` decide.
///
/// Lives on one event loop, is used on it only, and joins a channel that is already active. The commands of one turn of the loop leave in one write.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a waiting command is to get its reply by.
    private enum Waiting {
        case command(EventLoopPromise<RedisValue>)
        case script(ScriptCall, EventLoopPromise<RedisValue>)
        case handshake(Handshake.Step)
    }

    /// The call of a script, kept until it is clear that Redis knows the script.
    private struct ScriptCall {
        let script: RedisScript
        let keys: [RedisArgument]
        let arguments: [RedisArgument]
    }

    private let eventLoop: any EventLoop
    private let limits: RedisLimits
    private let scriptIndices: [RedisScript: Int]
    private let onReady: (RedisChannelHandler) -> Void
    private let ended: EventLoopPromise<RedisError>

    private var context: ChannelHandlerContext?
    private var handshake: Handshake
    private var pipeline: CommandPipeline<Waiting>
    private let reader: ReplyReader
    private var outgoing = ByteBuffer()
    private var turnStartedAt: NIODeadline = .distantPast
    private var transportError: (any Error)?
    private var timer: Scheduled<Void>?

    /// An output buffer above this size, in bytes, is given back after use.
    private static let keptCapacity = 1 << 20

    /// - Parameters:
    ///   - onReady: Called once, when the handshake has succeeded.
    ///   - ended: Succeeds once, with the reason why the connection can no longer be used.
    init(
        eventLoop: any EventLoop, limits: RedisLimits, endpoint: RedisEndpoint, scripts: [RedisScript],
        ended: EventLoopPromise<RedisError>, onReady: @escaping (RedisChannelHandler) -> Void
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.ended = ended
        self.onReady = onReady
        scriptIndices = Dictionary(zip(scripts, scripts.indices)) { first, _ in first }
        handshake = Handshake(endpoint: endpoint, scripts: scripts)
        pipeline = CommandPipeline(limits: limits)
        reader = ReplyReader(maximumReplyBytes: limits.maximumReplyBytes)
    }

    // MARK: Commands

    /// Sends a command; its reply, or why there is none, resolves the promise.
    func send(_ command: [RedisArgument], promise: EventLoopPromise<RedisValue>) {
        send(.command(promise), [], command)
    }

    /// Calls a script by its digest, and by its source where Redis does not know the digest.
    func evaluate(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], promise: EventLoopPromise<RedisValue>
    ) {
        let call = ScriptCall(script: script, keys: keys, arguments: arguments)
        guard let index = scriptIndices[script], let digest = handshake.digests[index] else {
            return evaluateSource(call, promise: promise)
        }
        send(.script(call, promise), ["EVALSHA", digest, .integer(keys.count)], keys, arguments)
    }

    private func evaluateSource(_ call: ScriptCall, promise: EventLoopPromise<RedisValue>) {
        send(
            .command(promise), ["EVAL", .string(call.script.source), .integer(call.keys.count)], call.keys,
            call.arguments)
    }

    /// Writes a command, or refuses it.
    private func send(_ waiting: Waiting, _ words: [RedisArgument]...) {
        let count = words.reduce(0) { $0 + $1.count }
        let bound = words.reduce(0) { $0 + Self.size($1) }
        if let refusal = pipeline.refusal(ofCommandWith: bound) {
            return complete(waiting, .failure(refusal))
        }
        let written = outgoing.write(atMost: bound + (1 + count) * ByteWriter.maximumFraming) { writer in
            writer.writeCommand(words: count)
            for list in words {
                for word in list { writer.writeWord(word) }
            }
        }
        if pipeline.isFlushed {
            turnStartedAt = .now()
        }
        let addition = pipeline.append(waiting, bytes: written, now: turnStartedAt)
        if addition.needsFlush {
            eventLoop.assumeIsolated().execute { self.flush() }
        }
        if let deadline = addition.startTimer {
            startTimer(deadline)
        }
    }

    /// Hands to the network what has been written since it was last called.
    func flush() {
        guard let context, !pipeline.isClosed, !pipeline.isFlushed else { return }
        pipeline.flushed()
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        if outgoing.capacity > Self.keptCapacity {
            outgoing = ByteBuffer()
        } else {
            // Takes new storage only if the channel has not yet written the old.
            outgoing.clear()
        }
    }

    private static func size(_ arguments: [RedisArgument]) -> Int {
        arguments.reduce(0) { $0 + $1.lengthBound }
    }

    // MARK: Replies

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !pipeline.isClosed else { return }
        do {
            try reader.feed(unwrapInboundIn(data))
            // A reply can make its receiver close this connection.
            while !pipeline.isClosed, let value = try reader.next() {
                try received(value)
            }
        } catch {
            close(error)
        }
    }

    private func received(_ value: RedisValue) throws(RedisError) {
        guard let waiting = pipeline.takeOldest() else {
            throw RedisError(code: .protocolViolation, message: "Redis sent a reply that nothing asked for.")
        }
        switch (waiting, value) {
        case (.handshake(let step), _):
            received(value, for: step)
        case (.script(let call, let promise), .error(let error)) where error.prefix == "NOSCRIPT":
            evaluateSource(call, promise: promise)
        case (.command(let promise), .error(let error)), (.script(_, let promise), .error(let error)):
            promise.fail(RedisError(error))
        case (.command(let promise), _), (.script(_, let promise), _):
            promise.succeed(value)
        }
        if pipeline.isDrained {
            close(.shuttingDown)
        }
    }

    private func received(_ value: RedisValue, for step: Handshake.Step) {
        switch handshake.received(value, for: step) {
        case .proceed: break
        case .ready: onReady(self)
        case .failed(let error): close(error)
        }
    }

    private func complete(_ waiting: Waiting, _ result: Result<RedisValue, RedisError>) {
        switch waiting {
        case .command(let promise), .script(_, let promise): promise.completeWith(result.mapError { $0 })
        case .handshake:
            // Refused by a limit: without all of the handshake there is no connection.
            if case .failure(let error) = result { close(error) }
        }
    }

    // MARK: Time

    private func startTimer(_ deadline: NIODeadline) {
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    }

    private func timerFired() {
        timer = nil
        guard !pipeline.isClosed else { return }
        switch pipeline.timerFired(now: .now()) {
        case .idle: break
        case .wait(let deadline): startTimer(deadline)
        case .expired(let error): close(error)
        }
    }

    // MARK: Beginning and end

    /// The last error of the handshake that was passed over.
    var complaint: RedisServerError? { handshake.complaint }

    /// Whether the connection can no longer be used.
    var isClosed: Bool { pipeline.isClosed }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // A channel that was closed in the meantime has already said so to the handlers it had.
        guard context.channel.isActive else { return close(connectionLost()) }
        shakeHands()
    }

    private func shakeHands() {
        for (step, command) in handshake.commands {
            send(.handshake(step), command)
        }
    }

    /// Refuses further commands, waits for the replies to those under way, then closes.
    func shutDown() {
        pipeline.drain()
        if pipeline.isEmpty {
            close(.shuttingDown)
        }
    }

    /// Fails everything that waits and closes the connection; nothing happens the second time.
    func close(_ error: RedisError) {
        guard !pipeline.isClosed else { return }
        let failed = pipeline.close(error)
        timer?.cancel()
        timer = nil
        outgoing = ByteBuffer()
        ended.succeed(error)
        for (waiting, error) in failed {
            complete(waiting, .failure(error))
        }
        context?.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transportError = error
        close(connectionLost())
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(connectionLost())
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close(connectionLost())
        self.context = nil
    }

    private func connectionLost() -> RedisError {
        let reason = transportError.map { "\($0)" } ?? handshake.complaint?.description ?? "closed by Redis"
        return RedisError(code: .connectionLost, message: "The connection to Redis was lost: \(reason)")
    }
}
