import Curl
import EventLedger
import GatewayConfiguration
import Logging
import NIOCore
import ServiceLifecycle
import Telemetry

/// The delivering half of the gateway: one dispatcher for each destination, so that none waits for another.
package final class Dispatchers: Sendable {
    /// How long attempts may take to finish once the gateway stops; what is cut off then counts as unknown.
    package static let drainTime = Duration.seconds(20)

    private let environment: DispatchEnvironment
    private let running: RunningDispatchers
    private let executor: LoopTaskExecutor
    private let (configurations, configure) = AsyncStream<GatewayConfiguration>.makeStream(
        bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - ledger: a ledger whose connection lives on `eventLoop`.
    ///   - clock: seconds since 1970.
    package init(
        configuration: GatewayConfiguration, ledger: Ledger, eventLoop: any EventLoop, metrics: Metrics,
        logger: Logger, clock: @escaping @Sendable () -> Int64
    ) {
        let running = RunningDispatchers()
        self.running = running
        executor = LoopTaskExecutor(eventLoop)
        environment = DispatchEnvironment(
            ledger: ledger, eventLoop: eventLoop, http: CurlLoop { running.handOver($0) },
            events: .makeBoxSendingValue(StoredEvents(ledger: ledger), eventLoop: eventLoop),
            payloads: .makeBoxSendingValue(RenderedPayloads(), eventLoop: eventLoop), metrics: metrics,
            logger: logger, clock: clock)
        configure.yield(configuration)
    }

    /// Puts other destinations into force: attempts under way finish, and what waits for a destination that is gone
    /// stays in the ledger.
    package func apply(_ configuration: GatewayConfiguration) {
        configure.yield(configuration)
    }

    /// Tells dispatchers, from any thread, that deliveries were queued.
    package func notify(_ destinations: [String]) {
        running.notify(destinations)
    }

    /// An opening of the dispatcher of a destination, or nil where it has none.
    /// - Parameter loop: the event loop that the caller is on, at the end of whose turn the dispatcher hears of what came
    ///   of the opening.
    package func opening(for destination: String, on loop: any EventLoop) -> (any Opening)? {
        running[destination]?.takeOpening(on: loop)
    }

    /// The names of the destinations that are delivered to, in alphabetical order.
    package var destinations: [String] { running.names }

    /// Delivers until graceful shutdown or cancellation, then lets attempts under way finish.
    /// - Throws: `TransferError` where the HTTP thread cannot start.
    package func run() async throws {
        try environment.http.start()
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await configuration in configurations { await use(configuration, in: &group) }
                for dispatcher in running.removeAll() { await dispatcher.stop() }
                await environment.http.stop(drain: Self.drainTime)
                // The group ends when the dispatchers have recorded what has ended.
            }
        } onCancelOrGracefulShutdown: { [configure] in
            configure.finish()
        }
    }

    private func use(_ configuration: GatewayConfiguration, in group: inout DiscardingTaskGroup) async {
        let bounds = HistoryBounds(configuration)
        var gone = Set(running.names)
        for destination in configuration.destinations {
            gone.remove(destination.name)
            if let dispatcher = running[destination.name] {
                await dispatcher.apply(destination, bounds: bounds)
            } else {
                let dispatcher = running.add(destination.name) { number in
                    Dispatcher(number: number, destination: destination, bounds: bounds, environment: environment)
                }
                group.addTask(executorPreference: executor) { [running] in
                    await dispatcher.run()
                    running.ended(dispatcher)
                }
            }
        }
        for name in gone { await running.remove(name)?.stop() }
    }
}
