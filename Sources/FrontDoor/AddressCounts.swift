import GatewayConfiguration
import Synchronization

/// How many connections, or requests of clients behind proxies, each address has.
///
/// Nothing is kept of an address that has none, so that the size is bounded by the number of connections.
final class AddressCounts: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Counts one more of an address; false, and nothing is counted, where it has as many as it may.
    func enter(_ address: IPAddress, limit: Int) -> Bool {
        counts.withLock { counts in
            let count = counts[address.customer, default: 0]
            guard count < limit else { return false }
            counts[address.customer] = count + 1
            return true
        }
    }

    /// Counts one less of an address that has entered.
    func leave(_ address: IPAddress) {
        counts.withLock { counts in
            let left = counts[address.customer, default: 1] - 1
            counts[address.customer] = left > 0 ? left : nil
        }
    }
}
