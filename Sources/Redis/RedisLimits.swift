import NIOCore

/// The bounds of one connection. Each has a default that suits a gateway; tests make them smaller.
package struct RedisLimits: Sendable {
    /// How long a command may wait for its reply, from the moment it is sent. A webhook must be answered within two
    /// seconds, and the sender told to try again.
    package var commandTimeout: TimeAmount = .milliseconds(1500)

    /// How long setting up the transport (TCP or Unix socket, without TLS) may take.
    package var connectTimeout: TimeAmount = .seconds(1)

    /// The wait before the first attempt to connect again; it doubles from attempt to attempt.
    package var firstReconnectDelay: Duration = .milliseconds(20)

    /// The longest wait between two attempts to connect: a Redis that is back is in use within a second.
    package var maximumReconnectDelay: Duration = .milliseconds(500)

    /// A connection that lasted at least this long was a good one: the next wait starts at the first delay again.
    package var stableAfter: Duration = .seconds(1)

    /// Commands that may wait for their replies.
    package var maximumPendingCommands = 65_536

    /// Bytes of commands that may wait for their replies.
    package var maximumPendingBytes = 64 << 20

    /// The size of one command, in bytes. Redis itself refuses a single argument above 512 MiB.
    package var maximumCommandBytes = 32 << 20

    /// The size of one reply, in bytes.
    package var maximumReplyBytes = 64 << 20

    /// A PEM file with the certificate authorities to trust for `rediss://`, instead of those of the system.
    package var trustRootsFile: String?

    /// The default limits.
    package init() {}
}
