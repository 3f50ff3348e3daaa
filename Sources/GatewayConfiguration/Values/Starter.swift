extension GatewayConfiguration {
    /// The commented configuration that `oncegate init` writes. It loads where `CLERK_WEBHOOK_SECRET` is set.
    package static let starter = String(decoding: PackageResources.starter_yaml, as: UTF8.self)
}
