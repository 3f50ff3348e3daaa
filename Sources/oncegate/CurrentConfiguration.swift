import GatewayConfiguration
import Synchronization

/// The configuration in force, for those who ask for it anew each time.
final class CurrentConfiguration: Sendable {
    private let current: Mutex<GatewayConfiguration>

    init(_ configuration: GatewayConfiguration) {
        current = Mutex(configuration)
    }

    var value: GatewayConfiguration {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
