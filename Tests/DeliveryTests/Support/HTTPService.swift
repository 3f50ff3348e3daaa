import FrontDoor
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small real HTTP service on a port that the kernel chose; a test says what it answers and when.
final class HTTPService: Sendable {
    /// A request as it arrived.
    struct Request: Sendable {
        let id: String
        let attempt: Int
        let destination: String
    }

    /// An answer, and whether it waits for ``HTTPService/release()``.
    struct Answer: Sendable {
        var status = HTTPResponseStatus.noContent
        var headers: [(String, String)] = []
        var isHeld = false
        var delay = TimeAmount.zero
    }

    private struct State {
        var requests: [Request] = []
        var underWay = 0
        var mostUnderWay = 0
        var held: [@Sendable () -> Void] = []
        var isReleased = false
    }

    private let state = Mutex(State())
    private let answer: @Sendable (Request) -> Answer
    private let port = Mutex(0)

    private init(_ answer: @escaping @Sendable (Request) -> Answer) {
        self.answer = answer
    }

    static func with(
        answer: @escaping @Sendable (Request) -> Answer = { _ in Answer() },
        _ body: (HTTPService) async throws -> Void
    ) async throws {
        HTTPTypes.instantiate()
        let service = HTTPService(answer)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(service))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        service.port.withLock { $0 = server.localAddress?.port ?? 0 }
        do {
            try await body(service)
        } catch {
            service.release()
            try await server.close().get()
            throw error
        }
        service.release()
        try await server.close().get()
    }

    var url: String { "http://127.0.0.1:\(port.withLock { $0 })/events" }
    var requests: [Request] { state.withLock { $0.requests } }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }
    var underWay: Int { state.withLock { $0.underWay } }

    /// Gives every answer that was held, and holds none from now on.
    func release() {
        let held = state.withLock { state in
            state.isReleased = true
            defer { state.held = [] }
            return state.held
        }
        for answer in held { answer() }
    }

    private func take(_ request: Request, respond: @escaping @Sendable (Answer) -> Void) {
        let answer = answer(request)
        let isHeld = state.withLock { state in
            state.requests.append(request)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            let isHeld = answer.isHeld && !state.isReleased
            if isHeld { state.held.append { respond(answer) } }
            return isHeld
        }
        if !isHeld { respond(answer) }
    }

    private func answered() { state.withLock { $0.underWay -= 1 } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let service: HTTPService
        private var head: HTTPRequestHead?

        init(_ service: HTTPService) {
            self.service = service
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let headers = head?.headers else { return }
                let request = Request(
                    id: headers.first(name: "webhook-id") ?? "",
                    attempt: headers.first(name: "oncegate-attempt").flatMap { Int($0) } ?? 0,
                    destination: headers.first(name: "oncegate-destination") ?? "")
                let loop = context.eventLoop
                let bound = NIOLoopBound((self, context), eventLoop: loop)
                service.take(request) { answer in
                    loop.scheduleTask(in: answer.delay) { bound.value.0.respond(answer, bound.value.1) }
                }
            }
        }

        private func respond(_ answer: Answer, _ context: ChannelHandlerContext) {
            service.answered()
            var headers = HTTPHeaders(answer.headers)
            if answer.status != .noContent { headers.add(name: "content-length", value: "0") }
            let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
