import NIOCore

/// Runs tasks on an event loop.
///
/// A continuation that is resumed has its task enqueued on the shared thread pool, even where the task goes on in an actor
/// with an executor of its own (Swift 6.3): from there it hops back to the actor, two threads woken for nothing. A task that
/// prefers this executor (SE-0417) is enqueued on the loop at once. Jobs count as isolated to the loop, so that an actor
/// whose executor is the same loop goes on without another hop.
final class LoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// - Parameter eventLoop: must not be shut down before the tasks have ended.
    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in
            job.runSynchronously(
                isolatedTo: eventLoop.executor.asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }
}
