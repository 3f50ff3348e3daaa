import Glibc

/// A redis-server that still listens on the socket of a data folder although the gateway that started it is gone.
///
/// The caller holds the lock of the folder, so no living gateway owns the server.
struct OrphanedServer {
    let directory: DataDirectory

    /// How long the server may take to end in good order, and then, after SIGKILL, at all.
    static let gracePeriod = Duration.seconds(10)
    /// The time between two looks at whether it has ended.
    static let checkInterval = Duration.milliseconds(20)

    /// Asks the server to end and waits until it has. Returns at once if there is none.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: `orphanRemains` where it does not end.
    func end() async throws -> Bool {
        guard let descriptor = connectToServer() else { return false }
        defer { close(descriptor) }
        let pid = Self.peer(of: descriptor)
        // An inline command (RESP specification); accepted during loading, and writes the append-only file out.
        let command = Array("SHUTDOWN\r\n".utf8)
        // MSG_NOSIGNAL: the server may be gone by now, which is no reason for this process to end.
        _ = Glibc.send(descriptor, command, command.count, CInt(MSG_NOSIGNAL))
        if try await hasEnded(within: Self.gracePeriod) { return true }
        // Zero where the server lives in another PID namespace.
        if pid > 0 {
            kill(pid, SIGKILL)
            if try await hasEnded(within: Self.gracePeriod) { return true }
        }
        throw EmbeddedRedisError(
            .orphanRemains,
            "A redis-server of an earlier gateway still uses \(directory.socketPath) and does not end"
                + (pid > 0 ? " (process \(pid))." : "."))
    }

    private func hasEnded(within duration: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + duration
        while let descriptor = connectToServer() {
            close(descriptor)
            guard .now < deadline else { return false }
            // Nothing tells when a process that is not a child has ended.
            try await Task.sleep(for: Self.checkInterval)
        }
        return true
    }

    /// Returns a descriptor connected to the socket, or nil if nothing listens there. Does not block: a Unix socket
    /// accepts or refuses at once.
    private func connectToServer() -> CInt? {
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, CInt(type), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(directory.socketPath.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // `DataDirectory` has checked that the path and a zero fit; the rest of the field is zero already.
            bytes.copyBytes(from: path)
        }
        let result = withUnsafePointer(to: &address) { pointer in
            // connect(2) takes every kind of address by the type of its common beginning.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // EAGAIN: somebody listens, but its queue is full.
        if result == 0 || errno == EAGAIN { return descriptor }
        close(descriptor)
        return nil
    }

    /// `struct ucred`, which glibc declares for GNU sources only: three 32-bit fields in this order.
    private struct PeerCredentials {
        var pid: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// The process that listens on the other side (SO_PEERCRED in unix(7)); zero where it cannot be told.
    private static func peer(of descriptor: CInt) -> pid_t {
        var credentials = PeerCredentials()
        var size = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return 0 }
        return credentials.pid
    }
}
