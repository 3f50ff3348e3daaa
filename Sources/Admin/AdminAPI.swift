import EventLedger
import GatewayConfiguration
import Logging
import Webhooks

/// What the API can do: each function of its extensions is one request, as values in and out.
package struct AdminAPI: Sendable {
    /// How many records one request looks at, or changes, at the most: it bounds the time that it takes, and a page is
    /// then short although another follows.
    package static let maximumLookedAt = 1000

    /// The types whose events carry one-time codes: their bodies are shown to those only who ask for them.
    static let typesWithCodes: Set = ["email.created", "sms.created"]

    let ledger: Ledger
    let token: Secret?
    let configuration: @Sendable () -> GatewayConfiguration
    let notify: @Sendable ([String]) -> Void
    let logger: Logger

    /// - Parameters:
    ///   - token: the token that requests must carry; nil where there is none.
    ///   - configuration: asked for at each request, for it can change.
    ///   - notify: told of the destinations for which deliveries were queued.
    package init(
        ledger: Ledger, token: Secret?, configuration: @escaping @Sendable () -> GatewayConfiguration,
        notify: @escaping @Sendable ([String]) -> Void, logger: Logger
    ) {
        self.ledger = ledger
        self.token = token
        self.configuration = configuration
        self.notify = notify
        self.logger = logger
    }
}

extension GatewayConfiguration {
    /// The configured destination of a name.
    func destination(_ name: String) -> Destination? { destinations.first { $0.name == name } }

    /// A configured destination that a person has named to send something to.
    /// - Throws: ``Refusal`` where there is none.
    func target(_ name: String) throws(Refusal) -> NewEvent.Target {
        guard let destination = destination(name) else {
            throw .badRequest(
                "`to` must be a configured destination, and `\(name)` is none; there are "
                    + destinations.map(\.name).joined(separator: ", "))
        }
        return NewEvent.Target(destination)
    }
}
