/// The way a source signs its messages.
package enum SignatureScheme: String, Sendable, Hashable, CaseIterable {
    /// Svix and Standard Webhooks: one scheme under two names, with two families of header names.
    case svix

    /// The scheme that a configuration names, or nil.
    package init?(name: String) {
        switch name {
        case "svix", "standard-webhooks": self = .svix
        default: return nil
        }
    }

    /// Every name that a configuration may use.
    package static var names: [String] { ["svix", "standard-webhooks"] }
}
