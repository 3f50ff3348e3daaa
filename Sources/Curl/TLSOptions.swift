import CCurl

/// How a TLS connection is made: whom it trusts and as whom it presents itself, all of it PEM.
///
/// The certificate of the peer and its name are verified always. Connections are shared only by requests with the same
/// options.
package struct TLSOptions: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The authorities that are trusted, in place of all others; nil leaves it at those of the loop.
    package var authorities: String?
    /// One's own certificate, and those between it and a known authority; it needs ``key``.
    package var certificates: String?
    /// The private key of the certificate, without a passphrase.
    package var key: String?

    /// Makes options; what cannot be used ends a transfer with ``TransferError/Code/tls``.
    package init(authorities: String? = nil, certificates: String? = nil, key: String? = nil) {
        self.authorities = authorities
        self.certificates = certificates
        self.key = key
    }

    /// What there is, without any of it.
    package var description: String {
        "TLS with \(authorities == nil ? "known" : "own") authorities, "
            + (certificates == nil ? "no certificate" : "a certificate")
    }

    /// Empty, so that `dump` shows no key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension OptionSetter {
    /// Puts options into force in place of those of the transfer before; nil for none.
    mutating func set(_ tls: TLSOptions?) {
        set(CURLOPT_CAINFO_BLOB, bytes: tls?.authorities)
        // CURLOPT_CAINFO_BLOB takes the place of CURLOPT_CAINFO, yet not of the folder of authorities.
        set(CURLOPT_CAPATH, pointer: tls?.authorities == nil ? oncegate_authorities_folder() : nil)
        set(CURLOPT_SSLCERT_BLOB, bytes: tls?.certificates)
        set(CURLOPT_SSLKEY_BLOB, bytes: tls?.key)
    }
}
