import NIOCore
import NIOHTTP1
import NIOPosix

/// The destinations of a run: one HTTP server that counts what it gets, by the number at the end of the path.
///
/// Everything happens on one event loop.
final class CountingService {
    private let plan: BenchPlan
    private let progress: BenchProgress
    /// For each destination and event how often it was answered with 2xx.
    private(set) var counts: [[UInt16]]
    /// For each destination and event when it was answered with 2xx first.
    private(set) var firstAt: [[ContinuousClock.Instant?]]
    private(set) var lastArrival: ContinuousClock.Instant?
    private(set) var requests = 0
    private var random = SystemRandomNumberGenerator()

    init(plan: BenchPlan, progress: BenchProgress) {
        self.plan = plan
        self.progress = progress
        counts = Array(repeating: Array(repeating: 0, count: plan.events), count: plan.destinations)
        firstAt = Array(repeating: Array(repeating: nil, count: plan.events), count: plan.destinations)
    }

    /// Takes a request and decides on its status.
    fileprivate func receive(path: String, id: String) -> HTTPResponseStatus {
        guard let destination = path.split(separator: "/").last.flatMap({ Int($0) }),
            counts.indices.contains(destination)
        else { return .notFound }
        guard let event = plan.event(ofID: id) else { return .ok }  // of another run
        requests += 1
        if plan.failures > 0, Double.random(in: 0..<1, using: &random) < plan.failures { return .serviceUnavailable }
        counts[destination][event] &+= 1
        if counts[destination][event] == 1 {
            let now = ContinuousClock.now
            firstAt[destination][event] = now
            lastArrival = now
            progress.delivered.add(1, ordering: .relaxed)
        }
        return .ok
    }

    /// Opens the service on a port; 0 lets the kernel choose.
    static func open(
        _ service: NIOLoopBound<CountingService>, on loop: any EventLoop, port: Int, delay: TimeAmount
    ) async throws -> any Channel {
        try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(service: service.value, delay: delay))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let service: CountingService
        private let delay: TimeAmount
        private var head: HTTPRequestHead?

        init(service: CountingService, delay: TimeAmount) {
            self.service = service
            self.delay = delay
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return }
                let status = service.receive(path: head.uri, id: head.headers.first(name: "webhook-id") ?? "")
                guard delay > .zero else { return answer(status, context) }
                let context = NIOLoopBound(context, eventLoop: context.eventLoop)
                context.value.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.answer(status, context.value) }
            }
        }

        private func answer(_ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
