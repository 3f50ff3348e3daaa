import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request that a toy service received.
struct ReceivedRequest: Sendable {
    let service: String
    let id: String
    let type: String
    let attempt: Int
    let status: Int
    /// A person's name or address from the normalised data, to show that it arrived.
    let about: String
    let at: ContinuousClock.Instant
}

/// One of the demo's three services: an HTTP server on loopback that takes CloudEvents and remembers what it received.
final class ToyService: Sendable {
    let name: String
    /// How many requests it answers with 503 before it works.
    private let failures: Int
    private let received = Mutex<[ReceivedRequest]>([])
    private let (arrivals, arrival) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(name: String, failures: Int = 0) {
        self.name = name
        self.failures = failures
    }

    /// Everything received so far.
    var requests: [ReceivedRequest] { received.withLock { $0 } }

    /// Waits until each of the events was answered with 200; false where the task is cancelled before.
    func waitUntilDelivered(_ ids: Set<String>) async -> Bool {
        func isDone() -> Bool { ids.isSubset(of: requests.lazy.filter { $0.status == 200 }.map(\.id)) }
        if isDone() { return true }
        for await _ in arrivals where isDone() { return true }
        return false
    }

    /// Opens the service on a port that the kernel chooses.
    func open(on group: any EventLoopGroup) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ToyServiceHandler(service: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Takes a request and decides on its status.
    func receive(headers: HTTPHeaders, body: ByteBuffer) -> HTTPResponseStatus {
        let event = try? JSONDecoder().decode(CloudEvent.self, from: Data(body.readableBytesView))
        let request = received.withLock { received in
            let request = ReceivedRequest(
                service: name, id: headers.first(name: "webhook-id") ?? "?", type: event?.type ?? "?",
                attempt: headers.first(name: "oncegate-attempt").flatMap(Int.init) ?? 0,
                status: received.count < failures ? 503 : 200, about: event?.data?.about ?? "", at: .now)
            received.append(request)
            return request
        }
        arrival.yield()
        return HTTPResponseStatus(statusCode: request.status)
    }
}

/// The part of an event that the demo shows.
private struct CloudEvent: Decodable {
    struct Payload: Decodable {
        let name: String?
        let firstName: String?
        let lastName: String?
        let email: String?
        let status: String?

        enum CodingKeys: String, CodingKey {
            case name, email, status
            case firstName = "first_name"
            case lastName = "last_name"
        }

        var about: String {
            if let name { return name }
            let person = [firstName, lastName].compactMap(\.self).joined(separator: " ")
            return person.isEmpty ? email ?? status ?? "" : person
        }
    }

    let type: String
    let data: Payload?
}

private final class ToyServiceHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let service: ToyService
    private var headers = HTTPHeaders()
    private var body = ByteBuffer()

    init(service: ToyService) {
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            headers = head.headers
            body.clear()
        case .body(var bytes):
            body.writeBuffer(&bytes)
        case .end:
            let status = service.receive(headers: headers, body: body)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
