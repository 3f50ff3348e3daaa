import NIOCore

/// When a connection's current request began, from its very first byte.
///
/// Confined to the connection's event loop.
final class RequestClock {
    /// How long a connection may stay open between two requests.
    static let keepAlive = TimeAmount.seconds(75)

    private enum Phase {
        case idle(since: NIODeadline)
        case request(since: NIODeadline)
        case answering(since: NIODeadline)
    }

    private var phase = Phase.idle(since: .now())

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
    func isLate(now: NIODeadline, requestTimeout: TimeAmount) -> Bool {
        switch phase {
        case .idle(let since): now - since > Self.keepAlive
        case .request(let since): now - since > requestTimeout
        case .answering: false
        }
    }
}
