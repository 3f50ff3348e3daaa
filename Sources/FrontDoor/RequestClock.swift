import NIOCore

/// When a connection's current request began, from its very first byte.
///
/// Confined to the connection's event loop.
final class RequestClock {
    private enum Phase {
        case idle(since: NIODeadline)
        case request(since: NIODeadline)
        case answering(since: NIODeadline)
    }

    private var phase: Phase
    /// How many requests of the connection were parsed and are not answered.
    private var unanswered = 0

    /// - Parameter isHandshaking: whether TLS comes first, which has the time of a request.
    init(isHandshaking: Bool = false) {
        phase = isHandshaking ? .request(since: .now()) : .idle(since: .now())
    }

    /// The handshake of TLS is over.
    func handshakeEnded() {
        phase = .idle(since: .now())
    }

    /// The head of a request was parsed, perhaps while one before it is answered.
    /// - Returns: how many requests wait for their answers.
    func requestParsed() -> Int {
        unanswered += 1
        return unanswered
    }

    /// Bytes came in: unless a request is under way, one begins.
    func bytesArrived() {
        if case .idle = phase { phase = .request(since: .now()) }
    }

    /// The request is complete: from now on the gateway is the slow one.
    func requestEnded() {
        phase = .answering(since: start)
    }

    /// The answer is written.
    func answered() {
        unanswered = max(0, unanswered - 1)
        phase = .idle(since: .now())
    }

    /// When the current phase began.
    var start: NIODeadline {
        switch phase {
        case .idle(let since), .request(let since), .answering(let since): since
        }
    }

    /// Whether nothing of a request has come in.
    var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    /// Whether the sender has had its time.
    func isLate(now: NIODeadline, requestTimeout: TimeAmount, idleTimeout: TimeAmount) -> Bool {
        switch phase {
        case .idle(let since): now - since > idleTimeout
        case .request(let since): now - since > requestTimeout
        case .answering: false
        }
    }
}
