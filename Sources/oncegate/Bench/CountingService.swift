import NIOCore
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
    fileprivate func receive(path: String, id: String) -> Answer {
        guard let destination = path.split(separator: "/").last.flatMap({ Int($0) }),
            counts.indices.contains(destination)
        else { return .notFound }
        guard let event = plan.event(ofID: id) else { return .ok }  // of another run
        requests += 1
        if plan.failures > 0, Double.random(in: 0..<1, using: &random) < plan.failures { return .unavailable }
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
                    try channel.pipeline.syncOperations.addHandler(Handler(service: service.value, delay: delay))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    fileprivate enum Answer: String {
        case ok = "200 OK"
        case notFound = "404 Not Found"
        /// A body whose length is not said beforehand: no gateway of ours sends one.
        case lengthRequired = "411 Length Required"
        case unavailable = "503 Service Unavailable"

        var bytes: ByteBuffer { ByteBuffer(string: "HTTP/1.1 \(rawValue)\r\ncontent-length: 0\r\n\r\n") }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let service: CountingService
        private let delay: TimeAmount
        private let ok = Answer.ok.bytes
        private var received = ByteBuffer()
        /// The head of the request whose body is under way, and how much of that is missing.
        private var current: (head: MessageHead, missing: Int)?

        init(service: CountingService, delay: TimeAmount) {
            self.service = service
            self.delay = delay
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            if received.readableBytes == 0 {
                received = bytes
            } else {
                received.discardReadBytes()
                received.writeBuffer(&bytes)
            }
            while takeHead(context), takeBody(context) {}
        }

        /// - Returns: whether there is a head.
        private func takeHead(_ context: ChannelHandlerContext) -> Bool {
            if current != nil { return true }
            guard let head = MessageHead(received.readableBytesUInt8Span) else {
                if received.readableBytes > MessageHead.maximumBytes { context.close(promise: nil) }
                return false
            }
            guard let length = head.length, length >= 0 else {
                answer(.lengthRequired, context)
                context.close(promise: nil)
                return false
            }
            received.moveReaderIndex(forwardBy: head.size)
            current = (head, length)
            return true
        }

        /// - Returns: whether the body is whole, and the request answered.
        private func takeBody(_ context: ChannelHandlerContext) -> Bool {
            guard let (head, missing) = current else { return false }
            let count = min(missing, received.readableBytes)
            received.moveReaderIndex(forwardBy: count)
            guard count == missing else {
                current = (head, missing - count)
                return false
            }
            current = nil
            let status = service.receive(path: head.word, id: head.id ?? "")
            guard delay > .zero else {
                answer(status, context)
                return true
            }
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.value.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.answer(status, context.value) }
            return true
        }

        private func answer(_ answer: Answer, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(answer == .ok ? ok : answer.bytes), promise: nil)
        }
    }
}
