import NIOCore

/// The open connections of one event loop: one timer for all of them looks for those that take too long.
///
/// Confined to its event loop.
final class LoopConnections {
    /// How often connections are looked at; a limit is exceeded by no more than this.
    static let sweepInterval = TimeAmount.seconds(1)

    private var handlers: [ObjectIdentifier: RequestHandler] = [:]
    private var nextSweep: Scheduled<Void>?
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ handler: RequestHandler) {
        handlers[ObjectIdentifier(handler)] = handler
        if nextSweep == nil { scheduleSweep() }
    }

    func remove(_ handler: RequestHandler) {
        handlers[ObjectIdentifier(handler)] = nil
    }

    /// Looks again later; without connections there is nothing to look for.
    private func scheduleSweep() {
        nextSweep = eventLoop.assumeIsolated().scheduleTask(in: Self.sweepInterval) {
            let now = NIODeadline.now()
            for handler in self.handlers.values { handler.closeIfLate(now: now) }
            self.nextSweep = nil
            if !self.handlers.isEmpty { self.scheduleSweep() }
        }
    }

    /// Closes the connections on which nothing is under way; the others close after their answer.
    func beginDraining() {
        for handler in handlers.values { handler.beginDraining() }
    }

    /// Closes what is still open.
    func closeAll() {
        for handler in handlers.values { handler.close() }
    }
}
