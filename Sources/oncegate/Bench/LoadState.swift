import Foundation
import Histogram
import NIOCore
import Webhooks

/// What all connections of a load share. It lives on one event loop.
final class LoadState {
    /// How long a gateway may take nothing before what it turns away is not sent again.
    static let patience = Duration.seconds(10)

    let plan: BenchPlan
    private let key: SigningKey
    private let path: String
    private let host: String
    private let began: ContinuousClock.Instant
    private let progress: BenchProgress
    private let ended: EventLoopPromise<Void>
    private var nextRequest = 0
    private var open: Int
    /// Requests to be sent again, as a sender does that got no 2xx.
    private var again: [Int] = []
    /// When the gateway last took something.
    private var lastTaken: ContinuousClock.Instant
    private var timestamp: (seconds: Int64, text: String, readAt: ContinuousClock.Instant)

    /// When each event was first answered with 2xx.
    private(set) var acceptedAt: [ContinuousClock.Instant?]
    private(set) var latencies = Histogram<UInt64>(highestTrackableValue: 600_000_000)
    private(set) var statuses: [Int: Int] = [:]
    private(set) var lastAnswer: ContinuousClock.Instant

    /// - Parameter ended: succeeds when every event was accepted, or no connection is left.
    init(
        plan: BenchPlan, key: SigningKey, path: String, host: String, progress: BenchProgress,
        ended: EventLoopPromise<Void>
    ) {
        self.plan = plan
        self.key = key
        self.path = path
        self.host = host
        self.progress = progress
        self.ended = ended
        began = .now
        lastAnswer = began
        lastTaken = began
        open = plan.connections
        acceptedAt = Array(repeating: nil, count: plan.events)
        timestamp = (0, "", began - .seconds(1))
    }

    /// The next request and when it is due; nil when there is none.
    func next() -> (request: Int, due: ContinuousClock.Instant?)? {
        if let request = again.popLast() { return (request, nil) }
        guard nextRequest < plan.requests else { return nil }
        defer { nextRequest += 1 }
        return (nextRequest, plan.rate.map { began + .seconds(Double(nextRequest) / $0) })
    }

    /// A signed request as it goes over the wire.
    func message(_ request: Int) -> ByteBuffer {
        let event = plan.event(ofRequest: request)
        let body = plan.bodies[event % plan.bodies.count]
        let id = plan.id(ofEvent: event)
        let time = currentTimestamp()
        let signature = key.signature(id: id, timestamp: time, body: body.span.bytes)
        var message = ByteBuffer()
        message.reserveCapacity(body.count + 512)
        message.writeString(
            "POST \(path) HTTP/1.1\r\nhost: \(host)\r\ncontent-type: application/json\r\nsvix-id: \(id)\r\n"
                + "svix-timestamp: \(time)\r\nsvix-signature: \(signature)\r\ncontent-length: \(body.count)\r\n\r\n")
        message.writeBytes(body)
        return message
    }

    /// Seconds since 1970 in digits, looked up at most ten times a second.
    private func currentTimestamp() -> String {
        let now = ContinuousClock.now
        if now - timestamp.readAt > .milliseconds(100) {
            let seconds = Int64(Date().timeIntervalSince1970)
            timestamp = (seconds, String(seconds), now)
        }
        return timestamp.text
    }

    func answered(_ request: Int, status: Int, since: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        lastAnswer = now
        statuses[status, default: 0] += 1
        latencies.record(UInt64(max(0, (now - since) / .microseconds(1))))
        if (200..<300).contains(status) {
            lastTaken = now
            let event = plan.event(ofRequest: request)
            if acceptedAt[event] == nil {
                acceptedAt[event] = now
                progress.accepted.add(1, ordering: .relaxed)
            }
        } else if status == 503 || status == 429, now - lastTaken < Self.patience {
            again.append(request)
        }
    }

    /// Notes the end of a connection; what it was waiting for is lost to this load.
    func connectionEnded(during request: Int?) {
        if request != nil { statuses[0, default: 0] += 1 }
        open -= 1
        if open == 0 { ended.succeed() }
    }
}
