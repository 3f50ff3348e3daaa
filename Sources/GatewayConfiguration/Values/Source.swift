import Webhooks

/// A sender of webhooks: the path it posts to, and how its signature is checked.
package struct Source: Sendable {
    /// The name in routes, keys, labels and the header `oncegate-source`: `^[a-z0-9][a-z0-9_-]{0,62}$`.
    package var name: String
    /// The path of the front door, beginning with `/`, unique among the sources. Default `/webhooks/NAME`.
    package var path: String
    /// How requests are signed. Default `svix`.
    package var scheme: SignatureScheme
    /// The secrets as they were written, at least one, at most `maximumSecrets`.
    package var secrets: [Secret]
    /// The keys of `secrets`, in the same order. All are tried.
    package var keys: [VerificationKey]
    /// Where each secret stands in the file's list, from 0: some of the list may be empty.
    package var secretPositions: [Int]
    /// How far the signed timestamp may lie in the past or the future, 1 second to 1 hour. Default 5 minutes. Schemes
    /// that sign no time have no use for it.
    package var tolerance: Duration
    /// The addresses that events may come from; nil for all.
    package var allowedAddresses: [AddressRange]?

    /// The most secrets of one source: Svix keeps up to ten old keys beside the current one.
    package static let maximumSecrets = 11

    /// The tolerance where none is given.
    package static let defaultTolerance = Duration.seconds(300)

    /// Makes a source and the keys of its secrets.
    ///
    /// - Parameters:
    ///   - path: nil stands for `/webhooks/NAME`.
    ///   - secretPositions: nil stands for those of `secrets` itself.
    /// - Throws: `SigningKeyError` for the first secret that is no key.
    package init(
        name: String, path: String? = nil, scheme: SignatureScheme = .svix, secrets: [Secret],
        secretPositions: [Int]? = nil, tolerance: Duration = defaultTolerance
    ) throws(SigningKeyError) {
        var keys: [VerificationKey] = []
        for secret in secrets { keys.append(try VerificationKey(secret, scheme)) }
        self.name = name
        self.path = path ?? "/webhooks/\(name)"
        self.scheme = scheme
        self.secrets = secrets
        self.keys = keys
        self.secretPositions = secretPositions ?? Array(secrets.indices)
        self.tolerance = tolerance
    }
}
