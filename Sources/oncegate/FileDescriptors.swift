import Glibc

/// The process's limit of open files, which bounds the connections it can hold.
enum FileDescriptors {
    /// What a gateway needs beside the connections of its senders: destinations, Redis, the log.
    static let reserve = 4096

    /// Raises the soft limit to the hard one (setrlimit(2)).
    /// - Returns: how many files can be open from now on.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
