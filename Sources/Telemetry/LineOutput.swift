import Glibc
import ServiceLifecycle
import Synchronization

/// A file descriptor that takes lines, each of them whole.
///
/// While ``run()`` runs, lines are gathered for a moment and written together: a write(2) for each would cost a busy
/// gateway more than putting the line together, and whoever reads a pipe would be woken as often. Before and afterwards,
/// and where a line is urgent, each is written at once. A process that is killed takes what it gathered with it.
package final class LineOutput: Sendable {
    /// How long a reader that does not keep up is waited for, in milliseconds, before the rest of a line is given up.
    static let patience: Int32 = 1000
    /// How long lines are gathered.
    static let gatheringTime = Duration.milliseconds(5)
    /// How many bytes are gathered at the most.
    static let maximumGathered = 64 * 1024

    private struct State {
        var isGathering = false
        var gathered: [UInt8] = []
    }

    private let descriptor: Int32
    // write(2) to a pipe is atomic up to PIPE_BUF only (pipe(7)); a longer line must not be cut in two by another one.
    private let state = Mutex(State())
    /// Tells that there is something to write.
    private let news = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameter descriptor: stays the caller's, and open for as long as this is in use.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Takes a line, its line feed included.
    /// - Parameter isUrgent: whether it is written before this returns, with all that came before it.
    func write(_ line: [UInt8], isUrgent: Bool = true) {
        state.withLock { state in
            guard state.isGathering, !isUrgent, state.gathered.count + line.count <= Self.maximumGathered else {
                writeGathered(&state)
                return writeAll(line[...])
            }
            if state.gathered.isEmpty { news.continuation.yield() }
            state.gathered.append(contentsOf: line)
        }
    }

    /// Gathers lines until the service is shut down or cancelled.
    package func run() async {
        state.withLock { $0.isGathering = true }
        for await _ in news.stream.cancelOnGracefulShutdown() {
            // The gathering itself; cut short by the end, at which what there is is written.
            try? await Task.sleep(for: Self.gatheringTime)
            state.withLock { writeGathered(&$0) }
        }
        state.withLock { state in
            state.isGathering = false
            writeGathered(&state)
        }
    }

    private func writeGathered(_ state: inout State) {
        guard !state.gathered.isEmpty else { return }
        writeAll(state.gathered[...])
        state.gathered.removeAll(keepingCapacity: true)
    }

    /// Writes bytes in one write(2) where the system takes them whole.
    private func writeAll(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var readiness = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&readiness, 1, Self.patience) == 0 { return }
            } else if errno != EINTR {
                // There is nowhere to report that the log cannot be written.
                return
            }
        }
    }
}
