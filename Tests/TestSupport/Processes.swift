import Glibc

/// A call to the system that failed.
package struct SystemCallFailed: Error {
    let call: String
    let code: CInt

    /// - Parameters:
    ///   - call: the function that failed, and with what.
    ///   - code: what `errno` was.
    package init(call: String, code: CInt) {
        self.call = call
        self.code = code
    }
}

/// Starts a process with the standard descriptors and no others: a socket of a test running at the same time would
/// stay open for as long as the process lives, since NIO does not mark sockets close-on-exec.
/// - Throws: ``SystemCallFailed``.
package func spawn(_ words: [String]) throws -> pid_t {
    var argv = words.map { strdup($0) }
    defer { argv.forEach { free($0) } }
    argv.append(nil)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // glibc (2.34) declares this one for GNU sources only, so that Swift does not see it.
    typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
        throw SystemCallFailed(call: "dlsym", code: ENOSYS)
    }
    _ = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, 3)
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], &actions, nil, argv, environ)
    guard code == 0 else { throw SystemCallFailed(call: "posix_spawnp \(words[0])", code: code) }
    return pid
}

/// Makes an empty folder that no other test has.
/// - Throws: ``SystemCallFailed``.
package func makeTemporaryDirectory() throws -> String {
    var template = Array("/tmp/oncegate-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallFailed(call: "mkdtemp", code: errno) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a folder and all in it.
package func removeDirectory(_ path: String) {
    guard let pid = try? spawn(["rm", "-rf", path]) else { return }
    waitpid(pid, nil, 0)
}
