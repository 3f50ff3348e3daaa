import Foundation
import NIOCore
import NIOPosix
import Redis
import Webhooks

/// Where a load goes: a front door, and the process and the Redis whose CPU time is measured.
struct BenchTarget: Sendable {
    let host: String
    let port: Int
    let path: String
    let key: SigningKey
    let gateway: Int32?
    let redis: RedisEndpoint?
}

/// One run: a load on a front door, and destinations that count what arrives.
struct BenchRun: Sendable {
    /// How long the last deliveries may stay away before they count as lost.
    static let patience = Duration.seconds(30)

    let plan: BenchPlan
    let progress = BenchProgress()
    private let loadLoop: any EventLoop
    private let sinkLoop: any EventLoop
    private let service: NIOLoopBound<CountingService>

    /// Sets a run up; the event loops are this process' own.
    static func prepare(_ plan: BenchPlan) async throws -> BenchRun {
        try await BenchRun(
            plan: plan, loadLoop: MultiThreadedEventLoopGroup.singleton.next(),
            sinkLoop: MultiThreadedEventLoopGroup.singleton.next())
    }

    private init(plan: BenchPlan, loadLoop: any EventLoop, sinkLoop: any EventLoop) async throws {
        self.plan = plan
        self.loadLoop = loadLoop
        self.sinkLoop = sinkLoop
        let progress = progress
        service = try await sinkLoop.submit {
            NIOLoopBound(CountingService(plan: plan, progress: progress), eventLoop: sinkLoop)
        }.get()
    }

    /// Opens a port for destinations; that of number n is at `/events/n`, on this port or any other.
    /// - Parameter port: 0 lets the kernel choose.
    func openDestinations(port: Int) async throws -> any Channel {
        try await CountingService.open(service, on: sinkLoop, port: port, delay: TimeAmount(plan.delay))
    }

    /// Sends the load and waits until everything has arrived.
    /// - Parameter countsDeliveries: false where the front door's deliveries do not come here.
    func measure(_ target: BenchTarget, countsDeliveries: Bool) async throws -> BenchReport {
        let before = await CPUTimes.of(target)
        let began = ContinuousClock.now
        let load = try await send(target)
        let drained = countsDeliveries ? await drain() : true
        let after = await CPUTimes.of(target, since: before)
        return try await report(
            load, began: began, cpu: (before, after), countsDeliveries: countsDeliveries, isDrained: drained)
    }

    private func send(_ target: BenchTarget) async throws -> NIOLoopBound<LoadState> {
        let ended = loadLoop.makePromise(of: Void.self)
        let (plan, progress, loadLoop) = (plan, progress, loadLoop)
        let load = try await loadLoop.submit {
            let state = LoadState(
                plan: plan, key: target.key, path: target.path, host: "\(target.host):\(target.port)",
                progress: progress, ended: ended)
            return NIOLoopBound(state, eventLoop: loadLoop)
        }.get()
        let bootstrap = ClientBootstrap(group: loadLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LoadConnection(load: load.value))
                }
            }
        do {
            for _ in 0..<plan.connections {
                _ = try await bootstrap.connect(host: target.host, port: target.port).get()
            }
        } catch {
            ended.succeed()
            throw CommandError("cannot connect to \(target.host):\(target.port): \(error)")
        }
        try await ended.futureResult.get()
        return load
    }

    /// Waits until all that was accepted has been delivered.
    /// - Returns: false where nothing has come for a while.
    private func drain() async -> Bool {
        var last = (count: -1, at: ContinuousClock.now)
        while true {
            let wanted = progress.accepted.load(ordering: .relaxed) * plan.destinations
            let count = progress.delivered.load(ordering: .relaxed)
            if count >= wanted { return true }
            if count != last.count { last = (count, .now) }
            if .now - last.at > Self.patience { return false }
            // The period of a look at a counter that other threads count up without telling: the figures are taken where
            // deliveries arrive, so that the pause is in none of them.
            try? await Task.sleep(for: .milliseconds(20))
            if Task.isCancelled { return false }
        }
    }

    private func report(
        _ load: NIOLoopBound<LoadState>, began: ContinuousClock.Instant, cpu: (before: CPUTimes, after: CPUTimes),
        countsDeliveries: Bool, isDrained: Bool
    ) async throws -> BenchReport {
        let sent = try await loadLoop.submit {
            SentLoad(
                acceptedAt: load.value.acceptedAt, latencies: LatencySummary(load.value.latencies),
                statuses: load.value.statuses, lastAnswer: load.value.lastAnswer)
        }.get()
        let service = service
        let arrived = try await sinkLoop.submit {
            ArrivedLoad(
                counts: service.value.counts, firstAt: service.value.firstAt, lastArrival: service.value.lastArrival)
        }.get()
        return BenchReport(
            plan: plan, sent: sent, arrived: countsDeliveries ? arrived : nil, began: began,
            cpu: cpu.after - cpu.before)
    }
}

/// What the senders have seen.
struct SentLoad: Sendable {
    let acceptedAt: [ContinuousClock.Instant?]
    let latencies: LatencySummary
    let statuses: [Int: Int]
    let lastAnswer: ContinuousClock.Instant
}

/// What the destinations have seen.
struct ArrivedLoad: Sendable {
    let counts: [[UInt16]]
    let firstAt: [[ContinuousClock.Instant?]]
    let lastArrival: ContinuousClock.Instant?
}

/// CPU time so far, in microseconds; nil where it is not known.
struct CPUTimes: Sendable {
    let gateway: Double?
    let redis: Double?

    /// Looks at both now; why a Redis does not tell is said on standard error.
    /// - Parameter earlier: An earlier look: a Redis that did not tell then is not asked again.
    static func of(_ target: BenchTarget, since earlier: CPUTimes? = nil) async -> CPUTimes {
        let gateway = target.gateway.flatMap(ProcessTime.microseconds)
        let isAsked = earlier.map { $0.redis != nil } ?? true
        guard isAsked, let endpoint = target.redis else { return CPUTimes(gateway: gateway, redis: nil) }
        do {
            return CPUTimes(gateway: gateway, redis: try await RedisTime.microseconds(of: endpoint))
        } catch {
            FileHandle.standardError.write(Data("the CPU time of Redis is not known: \(error)\n".utf8))
            return CPUTimes(gateway: gateway, redis: nil)
        }
    }

    static func - (later: CPUTimes, earlier: CPUTimes) -> CPUTimes {
        func difference(_ later: Double?, _ earlier: Double?) -> Double? {
            later.flatMap { later in earlier.map { later - $0 } }
        }
        return CPUTimes(
            gateway: difference(later.gateway, earlier.gateway), redis: difference(later.redis, earlier.redis))
    }
}
