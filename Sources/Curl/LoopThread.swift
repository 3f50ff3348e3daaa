import CCurl
import Glibc

/// A thread for something that blocks, which a task on the shared pool must not.
enum LoopThread {
    /// Runs `body` on a thread of its own.
    /// - Throws: ``TransferError`` with `other` when there is no thread to be had.
    static func start(_ body: @escaping @Sendable () -> Void) throws(TransferError) {
        let context = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, run, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .refused(.other(Int32(bitPattern: CURLE_FAILED_INIT.rawValue)), "no thread: error \(code)")
        }
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        oncegate_name_thread("oncegate-curl")
        // CURLOPT_NOSIGNAL leaves SIGPIPE to the program. It is blocked here, and in the resolver's threads, which
        // inherit the mask; a write to a closed socket then reports EPIPE.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // The pointer is the one that `start` retained for this thread alone.
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
}
