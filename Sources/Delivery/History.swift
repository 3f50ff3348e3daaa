import EventLedger
import GatewayConfiguration
import Logging
import Redis
import ServiceLifecycle
import Synchronization

/// Keeps the history of finished events within its bounds while nothing settles, too.
package final class History: Sendable {
    /// How often it looks.
    package static let interval = Duration.seconds(10)

    private let ledger: Ledger
    private let logger: Logger
    private let bounds: Mutex<HistoryBounds>

    /// Makes the keeper of one gateway; several gateways on one Redis do each other no harm.
    package init(configuration: GatewayConfiguration, ledger: Ledger, logger: Logger) {
        self.ledger = ledger
        self.logger = logger
        bounds = Mutex(HistoryBounds(configuration))
    }

    /// Puts other bounds into force.
    package func apply(_ configuration: GatewayConfiguration) {
        bounds.withLock { $0 = HistoryBounds(configuration) }
    }

    /// Looks now and again until graceful shutdown or cancellation.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.trim()
                try? await Task.sleep(for: Self.interval)  // the period; its cancellation ends the loop
            }
        }
    }

    /// Trims until nothing is left to leave.
    private func trim() async {
        do {
            while try await ledger.trim(bounds: bounds.withLock { $0 }) == Ledger.maximumTrim, !Task.isCancelled {}
        } catch let error as RedisError where error.isRetryable {
            // Of a Redis that is away its connection tells; the next look makes up for it.
            logger.debug("history not trimmed", metadata: ["reason": .string("\(error)")])
        } catch {
            logger.warning("history not trimmed", metadata: ["reason": .string("\(error)")])
        }
    }
}
