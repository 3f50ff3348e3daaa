import NIOSSL
import Testing

/// A certificate authority of one test, in a folder of the test's, made by the `openssl` command.
struct Authority: Sendable {
    /// A certificate that it has signed, and the key of it.
    struct Identity: Sendable {
        /// The path of the certificate, PEM.
        let certificate: String
        /// The path of the key, PEM.
        let key: String
    }

    private let stem: String

    /// The path of its certificate, PEM.
    var certificate: String { stem + ".pem" }

    /// Makes an authority.
    /// - Parameter name: what it is called; its files begin with it.
    init(_ name: String, folder: String) async throws {
        stem = "\(folder)/\(name)"
        try await Self.openssl(
            stem,
            ["req", "-x509"] + Self.newKey
                + ["-days", "2", "-subj", "/CN=\(name)", "-keyout", stem + ".key", "-out", stem + ".pem"])
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    /// Signs a certificate for `localhost` and 127.0.0.1, for servers and clients.
    func sign(_ name: String) async throws -> Identity {
        let path = "\(stem)-\(name)"
        try await Self.openssl(
            path,
            ["req", "-x509"] + Self.newKey
                + [
                    "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-addext", "basicConstraints=critical,CA:FALSE", "-CA", certificate, "-CAkey", stem + ".key",
                    "-keyout", path + ".key", "-out", path + ".pem",
                ])
        return Identity(certificate: path + ".pem", key: path + ".key")
    }

    private static func openssl(_ path: String, _ words: [String]) async throws {
        let process = try ChildProcess(["openssl"] + words, files: path + "-openssl")
        let exit = try await process.waitUntilEnded()
        try #require(exit == .code(0), "\(process.errors)")
    }

    /// What a client that trusts this authority alone speaks with.
    func client(maximum: TLSVersion? = nil) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(certificate)
        configuration.maximumTLSVersion = maximum
        return try NIOSSLContext(configuration: configuration)
    }

    /// What a server speaks with that asks its clients for a certificate of this authority.
    func server(_ identity: Identity) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: try NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: identity.key, format: .pem)),
            trustRoots: .file(certificate))
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }
}
