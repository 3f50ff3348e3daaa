import Glibc

/// The right to use a data folder, which one process at a time has (flock(2)).
///
/// The kernel takes it back when the process ends, however it ends.
struct DataDirectoryLock: ~Copyable {
    private let descriptor: CInt

    /// Takes the lock, or fails at once.
    init(_ directory: DataDirectory) throws(EmbeddedRedisError) {
        // Close-on-exec: the lock must not live on in a redis-server that outlives this process.
        let descriptor = open(directory.lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EmbeddedRedisError(
                .dataDirectoryUnusable, "\(directory.lockPath) cannot be opened: \(systemError())")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let inUse = errno == EWOULDBLOCK
            let reason = systemError()
            close(descriptor)
            guard inUse else {
                throw EmbeddedRedisError(
                    .dataDirectoryUnusable, "\(directory.lockPath) cannot be locked: \(reason)")
            }
            throw EmbeddedRedisError(
                .dataDirectoryInUse,
                "Another gateway uses data_dir \(directory.path). Stop it, choose another data_dir, or let several "
                    + "gateways share one Redis by setting redis.url.")
        }
        self.descriptor = descriptor
    }

    deinit {
        // Closing alone would leave the lock to a child that was forked a moment ago and has not called exec yet.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
