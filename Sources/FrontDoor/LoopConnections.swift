import NIOCore

/// The open connections of one event loop: one timer for all of them looks for those that take too long.
///
/// Confined to its event loop.
final class LoopConnections {
    /// How often connections are looked at; a limit is exceeded by no more than twice this.
    static let sweepInterval = TimeAmount.seconds(1)
    /// How many late connections are ended at a time: thousands that opened together are late together, and others shall
    /// not wait for all of them.
    static let sweepSlice = 8
    /// The longest pause between two slices; it is shorter where all slices would take longer than a sweep interval.
    static let slicePause = TimeAmount.milliseconds(10)

    private var handlers: [ObjectIdentifier: RequestHandler] = [:]
    private var nextSweep: Scheduled<Void>?
    /// The loop that all of this is confined to.
    let eventLoop: any EventLoop
    /// Random numbers for whoever is on this loop.
    var random = TraceRandom()

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
            let late = self.handlers.values.filter { $0.isLate(now: now) }
            let slices = Int64(max(1, late.count / Self.sweepSlice))
            self.end(late[...], pause: min(Self.slicePause, .nanoseconds(Self.sweepInterval.nanoseconds / slices)))
        }
    }

    /// Ends late connections, a slice at a time. Most senders come back at once, so that those come a few at a time too.
    private func end(_ late: ArraySlice<RequestHandler>, pause: TimeAmount) {
        let now = NIODeadline.now()
        for handler in late.prefix(Self.sweepSlice) { handler.closeIfLate(now: now) }
        let rest = late.dropFirst(Self.sweepSlice)
        nextSweep = nil
        if !rest.isEmpty {
            nextSweep = eventLoop.assumeIsolated().scheduleTask(in: pause) { self.end(rest, pause: pause) }
        } else if !handlers.isEmpty {
            scheduleSweep()
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
