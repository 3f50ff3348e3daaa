import Glibc
import Synchronization

/// A file descriptor that takes lines, each of them whole.
final class LineOutput: Sendable {
    /// How long a reader that does not keep up is waited for, in milliseconds, before the rest of a line is given up.
    static let patience: Int32 = 1000

    private let descriptor: Int32
    // write(2) to a pipe is atomic up to PIPE_BUF only (pipe(7)); a longer line must not be cut in two by another one.
    private let turn = Mutex(())

    /// - Parameter descriptor: stays the caller's, and open for as long as this is in use.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a line, its line feed included, in one write(2) where the system takes it whole.
    func write(_ line: [UInt8]) {
        turn.withLock { _ in
            var rest = line[...]
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
}
