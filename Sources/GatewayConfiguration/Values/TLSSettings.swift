import Webhooks

/// A certificate with its chain, and the private key of it.
package struct TLSIdentity: Sendable, Hashable {
    /// The certificates in PEM, one's own first, then those between it and a known authority.
    package var certificates: String
    /// The private key in PEM, without a passphrase.
    package var key: Secret

    /// Makes an identity, unchecked.
    package init(certificates: String, key: Secret) {
        self.certificates = certificates
        self.key = key
    }
}

/// Something that a TLS library must be able to use.
package enum TLSMaterial: Sendable {
    /// A certificate and its key, which must fit together.
    case identity(TLSIdentity)
    /// Certificates of authorities in PEM, at least one.
    case authorities(String)
}

extension Destination {
    /// How TLS connections to a destination are made; certificates are verified always.
    package struct TLS: Sendable, Hashable {
        /// The authorities that are trusted, in PEM, in place of the system's; nil leaves it at those.
        package var authorities: String?
        /// The certificate that the gateway shows where the destination asks for one.
        package var identity: TLSIdentity?

        /// Makes the settings, unchecked.
        package init(authorities: String? = nil, identity: TLSIdentity? = nil) {
            self.authorities = authorities
            self.identity = identity
        }
    }
}
