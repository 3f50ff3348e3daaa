/// A host and a TCP port to listen on.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 address, an IPv6 address without brackets, or a host name.
    package var host: String
    /// The port, 0 to 65535; 0 lets the kernel choose.
    package var port: Int

    /// Makes an address of its parts, unchecked.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The front door's default, all IPv4 interfaces on port 8080.
    package static let defaultFrontDoor = ListenAddress(host: "0.0.0.0", port: 8080)
    /// The operators' default, loopback only, on port 9090.
    package static let defaultAdmin = ListenAddress(host: "127.0.0.1", port: 9090)

    /// Reads `HOST:PORT` or `[IPV6]:PORT`; nil for anything else, a missing host or port included.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.utf8.count <= Self.maximumHostLength, bracketed == host.contains(":"),
            host.utf8.allSatisfy({ Self.isHostByte($0, inBrackets: bracketed) }),
            (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(ASCII.isDigit),
            let port = Int(digits), port <= 65535
        else { return nil }
        self.init(host: String(host), port: port)
    }

    /// The longest host name in bytes (RFC 1035, section 2.3.4).
    static let maximumHostLength = 253

    private static func isHostByte(_ byte: UInt8, inBrackets: Bool) -> Bool {
        if inBrackets { return ASCII.isHexDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") }
        return ASCII.isLetterOrDigit(byte) || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
    }

    /// Whether only this machine can connect: 127.0.0.0/8, ::1 and `localhost`.
    ///
    /// An unusual spelling of a loopback address counts as not loopback, which errs to the safe side.
    package var isLoopback: Bool {
        if host == "::1" || ASCII.lowercased(host) == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether the address stands for every interface.
    package var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    /// Whether two listeners with these addresses would stand in each other's way.
    package func collides(with other: ListenAddress) -> Bool {
        guard port == other.port, port != 0 else { return false }
        return ASCII.lowercased(host) == ASCII.lowercased(other.host) || isWildcard || other.isWildcard
    }

    /// The address as `HOST:PORT`, an IPv6 address in brackets.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
