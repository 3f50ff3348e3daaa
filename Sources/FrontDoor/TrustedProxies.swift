import GatewayConfiguration

/// The proxies whose word on the client's address is believed.
///
/// The word is `x-forwarded-for`, which every proxy of note writes: each of them adds the address that it was called
/// from at the end. `forwarded` (RFC 7239) is not looked at, as proxies that do not know it hand a client's own on.
struct TrustedProxies: Sendable {
    /// How many entries are gone back at the most.
    static let maximumHops = 32

    let ranges: [AddressRange]

    /// Whether a connection comes from one of the proxies.
    func trust(_ peer: IPAddress) -> Bool { ranges.contain(peer) }

    /// The address of the client: going back from the connection, the first that is none of the proxies.
    ///
    /// An entry that is no address ends the way: the client is then the last proxy that was reached.
    /// - Parameter values: the values of `x-forwarded-for` in their order.
    func client(behind peer: IPAddress, forwardedFor values: [String]) -> IPAddress {
        var client = peer
        var hops = 0
        for value in values.reversed() {
            for entry in value.split(separator: ",").reversed() {
                guard hops < Self.maximumHops, trust(client), let next = Self.address(entry) else { return client }
                client = next
                hops += 1
            }
        }
        return client
    }

    /// The address of an entry, without the port that some proxies add.
    private static func address(_ entry: Substring) -> IPAddress? {
        var text = entry.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let port = text[text.index(after: end)...]
            guard port.isEmpty || port.first == ":" && isPort(port.dropFirst()) else { return nil }
            return IPAddress(text[text.index(after: text.startIndex)..<end])
        }
        if let colon = text.firstIndex(of: ":"), text[text.index(after: colon)...].firstIndex(of: ":") == nil {
            guard isPort(text[text.index(after: colon)...]) else { return nil }
            text = text[..<colon]
        }
        return IPAddress(text)
    }

    private static func isPort(_ text: Substring) -> Bool {
        (1...5).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
