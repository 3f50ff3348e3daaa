import Glibc

/// The folder of the private redis-server, and the paths in it.
struct DataDirectory: Sendable {
    /// The absolute path, as redis-server changes its working directory.
    let path: String
    let endpoint: RedisEndpoint

    var socketPath: String { path + "/redis.sock" }
    var lockPath: String { path + "/oncegate.lock" }

    /// - Throws: `pathTooLong` where the socket's path would exceed what the kernel takes.
    init(_ directory: String) throws(EmbeddedRedisError) {
        path = try Self.absolute(directory)
        let socketPath = path + "/redis.sock"
        do {
            endpoint = try RedisEndpoint.unix(path: socketPath)
        } catch {
            throw EmbeddedRedisError(
                .pathTooLong,
                "data_dir is too long: the socket in it would have a path of \(socketPath.utf8.count) bytes, and the "
                    + "system allows \(RedisEndpoint.maximumSocketPathLength). Choose a shorter data_dir.")
        }
    }

    private static func absolute(_ directory: String) throws(EmbeddedRedisError) -> String {
        var trimmed = directory[...]
        while trimmed.count > 1, trimmed.last == "/" {
            trimmed.removeLast()
        }
        guard !trimmed.isEmpty, !trimmed.utf8.contains(0) else {
            throw EmbeddedRedisError(.dataDirectoryUnusable, "data_dir is empty or holds a NUL character.")
        }
        if trimmed.first == "/" { return String(trimmed) }
        // With a null buffer, glibc allocates one of the right size for the caller to free (getcwd(3)).
        guard let current = getcwd(nil, 0) else {
            throw EmbeddedRedisError(.dataDirectoryUnusable, "The working directory is gone: \(systemError())")
        }
        defer { free(current) }
        return String(cString: current) + "/" + trimmed
    }

    /// Makes the folder, with those above it, for its owner alone. One that exists is left as it is.
    ///
    /// - Returns: Whether others than the owner can enter the folder.
    func create() throws(EmbeddedRedisError) -> Bool {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            // Those in between may exist and belong to others; the last one is judged by what stat says below.
            _ = mkdir(String(path[..<end]), end == path.endIndex ? 0o700 : 0o755)
        }
        let failure = systemError()
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw EmbeddedRedisError(.dataDirectoryUnusable, "data_dir \(path) cannot be made: \(failure)")
        }
        guard status.st_mode & S_IFMT == S_IFDIR, access(path, R_OK | W_OK | X_OK) == 0 else {
            throw EmbeddedRedisError(.dataDirectoryUnusable, "data_dir \(path) is not a folder that can be written to.")
        }
        return status.st_mode & 0o077 != 0
    }

    /// Removes the socket file, if there is one.
    func removeSocket() {
        _ = unlink(socketPath)
    }
}

/// What the last failed system call complained of.
func systemError() -> String {
    // strerror's buffer is static or belongs to the thread; it is copied at once.
    String(cString: strerror(errno))
}
