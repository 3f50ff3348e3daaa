import Curl
import Foundation
import Telemetry
import Webhooks

/// An event as a sender keeps it: the same id however often it is sent.
struct OutgoingEvent: Sendable {
    let id: String
    let sample: Sample
}

/// What a gateway answered, or why it did not.
struct SenderAnswer: Sendable {
    let result: Result<HTTPResponse, TransferError>

    /// Whether the gateway has the event.
    var isSuccess: Bool {
        if case .success(let response) = result { (200..<300).contains(response.status) } else { false }
    }

    /// The status and the gateway's own word for it: `202 accepted`.
    var summary: String {
        switch result {
        case .success(let response): "\(response.status) \(word)"
        case .failure(let error): "--- \(error)"
        }
    }

    /// The gateway's own word, `accepted`, `duplicate`, `Invalid signature`, or the kind of failure.
    var word: String {
        switch result {
        case .success(let response): GatewayReply(response.bodyPrefix)?.word ?? "answered \(response.status)"
        case .failure(let error): "failed (\(error.code))"
        }
    }
}

/// The body of the front door's answers.
private struct GatewayReply: Decodable {
    let status: String?
    let error: String?

    init?(_ body: [UInt8]) {
        guard let reply = try? JSONDecoder().decode(Self.self, from: Data(body)) else { return nil }
        self = reply
    }

    var word: String? { status ?? error }
}

/// Signs events with a key and posts them.
struct Sender: Sendable {
    /// How long to wait for an answer: what Svix waits.
    static let timeout = Duration.seconds(15)

    let url: String
    let key: SigningKey
    private let http = CurlLoop()

    init(url: String, key: SigningKey) {
        self.url = url
        self.key = key
    }

    /// Starts sending; to be called once, first.
    func start() throws {
        try http.start()
    }

    /// Ends sending; to be called once, last.
    func stop() async {
        await http.stop()
    }

    /// Signs an event anew and posts it.
    func send(_ event: OutgoingEvent) async -> SenderAnswer {
        let timestamp = String(Int64(Date().timeIntervalSince1970))
        let headers = key.headers(
            id: event.id, type: event.sample.type, timestamp: timestamp, body: event.sample.body.span.bytes)
        return await post(event.sample.body, headers: headers)
    }

    /// Posts a body with headers of the caller's making.
    func post(_ body: [UInt8], headers: [(name: String, value: String)]) async -> SenderAnswer {
        let request = HTTPRequest(
            url: url,
            headers: headers + [
                ("content-type", "application/json"), ("user-agent", "oncegate/\(Version.current) send"),
            ],
            body: body, timeout: Self.timeout, connectTimeout: .seconds(5))
        do throws(TransferError) {
            return SenderAnswer(result: .success(try await http.perform(request)))
        } catch {
            return SenderAnswer(result: .failure(error))
        }
    }

    /// Posts events, so many at a time, and hands over the answers as they come.
    func send(
        _ events: some Sequence<OutgoingEvent>, parallel: Int, onAnswer: (OutgoingEvent, SenderAnswer) -> Void
    ) async {
        await withTaskGroup(of: (OutgoingEvent, SenderAnswer).self) { group in
            var rest = events.makeIterator()
            func sendNext() {
                guard let event = rest.next() else { return }
                group.addTask { (event, await send(event)) }
            }
            for _ in 0..<parallel { sendNext() }
            for await (event, answer) in group {
                onAnswer(event, answer)
                sendNext()
            }
        }
    }
}
