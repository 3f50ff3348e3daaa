import GatewayConfiguration
import NIOCore
import NIOHTTP1

/// Who is at the other end of a connection, and who sent the request that is under way on it.
///
/// Confined to the connection's event loop.
final class Client {
    /// The address that the connection comes from; nil where the system does not tell.
    private(set) var peer: IPAddress?
    /// The address for the log: of the client where a proxy is believed, else of the peer.
    private(set) var shown = ""
    /// The address that the request comes from.
    private(set) var address: IPAddress?
    private let counts: AddressCounts
    /// The addresses that this connection, and the request under way, are counted for.
    private var countedPeer: IPAddress?
    private var countedClient: IPAddress?

    init(counts: AddressCounts) {
        self.counts = counts
    }

    /// Counts the connection in; false where its address has too many. Those of a trusted proxy do not count.
    func connect(from socket: SocketAddress?, _ plan: DoorPlan) -> Bool {
        peer = socket.flatMap { IPAddress($0) }
        address = peer
        shown = peer.map { "\($0)" } ?? ""
        guard let peer, !plan.proxies.trust(peer) else { return true }
        guard counts.enter(peer, limit: plan.connectionsPerAddress) else { return false }
        countedPeer = peer
        return true
    }

    /// Notes who sent a request; false where a client behind a proxy has too many under way.
    func begin(_ head: HTTPRequestHead, _ plan: DoorPlan) -> Bool {
        guard let peer else { return true }
        end()
        let isBehindProxy = plan.proxies.trust(peer)
        let client =
            isBehindProxy ? plan.proxies.client(behind: peer, forwardedFor: head.headers["x-forwarded-for"]) : peer
        if client != address {
            address = client
            shown = "\(client)"
        }
        guard isBehindProxy, client != peer else { return true }
        guard counts.enter(client, limit: plan.connectionsPerAddress) else { return false }
        countedClient = client
        return true
    }

    /// Whether a source takes events from the address. An address that is not known is on no list.
    func isAllowed(by source: DoorPlan.Source) -> Bool {
        guard let allowed = source.allowedAddresses else { return true }
        return address.map { allowed.contain($0) } ?? false
    }

    /// The request is answered.
    func end() {
        guard let client = countedClient else { return }
        countedClient = nil
        counts.leave(client)
    }

    /// The connection has ended.
    func disconnect() {
        end()
        guard let peer = countedPeer else { return }
        countedPeer = nil
        counts.leave(peer)
    }
}

extension IPAddress {
    /// The address of a socket; nil for one that is not of the internet.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let four): self.init(ipv4: UInt32(bigEndian: four.address.sin_addr.s_addr))
        case .v6(let six): self.init(six.address.sin6_addr)
        case .unixDomainSocket: return nil
        }
    }
}
