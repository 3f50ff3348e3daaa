import FrontDoor
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A downstream service: an HTTP server on loopback that remembers what it received and answers as it was told.
///
/// Its port is taken from the start; until it is opened, connections to it are refused.
final class RecordingService: Sendable {
    /// What to do with a request.
    enum Answer: Sendable {
        case status(Int, headers: [(String, String)] = [])
        /// Nothing until ``release(_:)``.
        case hold
        /// The connection is closed without an answer.
        case close
        /// 200 and a body without end.
        case endless
    }

    /// A request as it arrived.
    struct Request: Sendable {
        let method: HTTPMethod
        let target: String
        let headers: HTTPHeaders
        let body: [UInt8]
        let at: ContinuousClock.Instant

        var id: String? { headers.first(name: "webhook-id") }
        var attempt: String? { headers.first(name: "oncegate-attempt") }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private struct State {
        var requests: [Request] = []
        var answers: [Answer]
        var held: [@Sendable (Int) -> Void] = []
        var server: (any Channel)?
        var connections: [any Channel] = []
    }

    let port: Int
    private let socket: CInt
    private let state: Mutex<State>

    /// - Parameter answers: one for each request in turn; the last one stays.
    init(answers: [Answer] = [.status(200)]) throws {
        HTTPTypes.instantiate()
        state = Mutex(State(answers: answers))
        socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            // A sockaddr_in is a sockaddr of the family that it names (ip(7)).
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                guard bind(descriptor, general, length) == 0, getsockname(descriptor, general, &length) == 0 else {
                    throw SystemCallFailed(call: "bind", code: errno)
                }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }

    var url: String { "http://127.0.0.1:\(port)/events" }

    /// Everything received so far.
    var requests: [Request] { state.withLock { $0.requests } }

    /// Begins to take connections.
    /// - Parameter tls: what to speak TLS with; nil for plain HTTP.
    func open(tls: NIOSSLContext? = nil) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.state.withLock { $0.connections.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RecordingHandler(service: self))
                }
            }
            .withBoundSocket(socket).get()
        state.withLock { $0.server = server }
    }

    /// Gives further requests other answers.
    func answer(_ answers: Answer...) {
        state.withLock { $0.answers = answers }
    }

    /// Answers the requests that are held.
    func release(_ status: Int = 200) {
        for answer in state.withLock({ state in
            defer { state.held = [] }
            return state.held
        }) { answer(status) }
    }

    /// Ends all connections.
    func hangUp() async {
        for connection in state.withLock({ $0.connections }) {
            try? await connection.close()  // a connection that the other side has closed is closed
        }
    }

    /// Ends the service with all its connections.
    func close() async {
        if let server = state.withLock({ $0.server }) {
            try? await server.close()  // nothing is left to be done about a listener that cannot be closed
        } else {
            Glibc.close(socket)
        }
        await hangUp()
    }

    /// Waits until so many requests have arrived, and gives them all.
    @discardableResult
    func waitForRequests(
        _ count: Int, within limit: Duration = .seconds(15), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [Request] {
        try await eventually(within: limit, "\(count) requests", sourceLocation: sourceLocation) {
            requests.count >= count ? requests : nil
        }
    }

    fileprivate func receive(_ request: Request, answer: @escaping @Sendable (Answer) -> Void) {
        let next = state.withLock { state in
            state.requests.append(request)
            let next = state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            if case .hold = next { state.held.append { answer(.status($0)) } }
            return next
        }
        answer(next)
    }
}

/// One connection of a recording service.
private final class RecordingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let endlessPiece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024)

    private let service: RecordingService
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(service: RecordingService) {
        self.service = service
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let bytes): body.append(contentsOf: bytes.readableBytesView)
        case .end:
            guard let head else { return }
            let request = RecordingService.Request(
                method: head.method, target: head.uri, headers: head.headers, body: body, at: .now)
            let channel = context.channel
            service.receive(request) { Self.answer($0, on: channel) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static func answer(_ answer: RecordingService.Answer, on channel: any Channel) {
        switch answer {
        case .hold: break
        case .close: channel.close(promise: nil)
        case .status(let status, let headers):
            var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
            head.headers.add(contentsOf: HTTPHeaders(headers + [("content-length", "0")]))
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        case .endless:
            channel.write(
                HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)), promise: nil)
            writeForEver(to: channel)
        }
    }

    private static func writeForEver(to channel: any Channel) {
        channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(endlessPiece)))
            .whenSuccess { writeForEver(to: channel) }
    }
}
