import Curl
import EventLedger
import Logging
import NIOCore
import Telemetry

/// What all dispatchers work with.
struct DispatchEnvironment: Sendable {
    let ledger: Ledger
    /// The loop on which the ledger's connection lives.
    let eventLoop: any EventLoop
    let http: CurlLoop
    /// What was read of late from the ledger, on ``eventLoop``.
    let events: NIOLoopBoundBox<StoredEvents>
    /// What was rendered of late, on ``eventLoop``.
    let payloads: NIOLoopBoundBox<RenderedPayloads>
    let metrics: Metrics
    let logger: Logger
    /// Seconds since 1970.
    let clock: @Sendable () -> Int64
}
