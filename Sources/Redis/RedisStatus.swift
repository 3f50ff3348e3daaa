/// Whether commands can be sent.
package enum RedisStatus: Sendable, Equatable {
    /// The handshake has succeeded, and the connection has not ended since.
    case connected
    /// There is no connection; the reason is why the last one ended, or why the last attempt failed. Nil before the
    /// end of the first attempt.
    case connecting(reason: RedisError?)

    /// Whether commands can be sent.
    package var isConnected: Bool { self == .connected }
}
