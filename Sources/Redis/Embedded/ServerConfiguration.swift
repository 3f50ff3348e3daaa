/// The configuration that the private redis-server reads from its standard input, so that nothing of it stands in the
/// list of processes.
struct ServerConfiguration {
    let directory: DataDirectory

    /// The text, one directive a line (redis.conf).
    var text: String {
        """
        port 0
        unixsocket \(Self.quote(directory.socketPath))
        unixsocketperm 700
        dir \(Self.quote(directory.path))
        daemonize no
        logfile ""
        loglevel notice
        always-show-logo no
        appendonly yes
        appendfsync always
        save ""
        maxmemory-policy noeviction

        """
    }

    /// Puts a value in double quotes, with redis.conf's escapes for what would end them or the line.
    static func quote(_ value: String) -> String {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
