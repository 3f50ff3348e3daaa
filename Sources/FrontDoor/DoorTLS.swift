import GatewayConfiguration
import NIOCore
import NIOSSL

/// Why a certificate cannot be used.
package struct TLSError: Error, CustomStringConvertible {
    /// The reason in a few words, without anything of a key.
    package let description: String
}

extension NIOSSLContext {
    /// How long closing a connection may wait for the other side's consent.
    private static let shutdownTimeout = TimeAmount.milliseconds(500)

    /// The server's side of TLS 1.2 and 1.3, without client certificates.
    /// - Throws: ``TLSError``.
    convenience init(_ identity: TLSIdentity) throws {
        let chain = try identity.chain()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try identity.privateKey()))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = Self.shutdownTimeout
        do {
            try self.init(configuration: configuration)
        } catch {
            throw TLSError(description: "the certificate and the key do not belong together")
        }
    }
}

extension TLSIdentity {
    fileprivate func chain() throws(TLSError) -> [NIOSSLCertificate] {
        try certificates.parsedCertificates("certificate")
    }

    fileprivate func privateKey() throws(TLSError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: Array(key.revealed.utf8), format: .pem)
        } catch {
            throw TLSError(description: "the key is no private key in PEM, or has a passphrase")
        }
    }
}

extension String {
    /// The certificates of a PEM text, at least one.
    fileprivate func parsedCertificates(_ what: String) throws(TLSError) -> [NIOSSLCertificate] {
        let found = (try? NIOSSLCertificate.fromPEMBytes(Array(utf8))) ?? []
        guard !found.isEmpty else { throw TLSError(description: "there is no \(what) in PEM in it") }
        return found
    }
}

extension TLSMaterial {
    /// What keeps it from being used; nil where nothing does.
    package var complaint: String? {
        do {
            switch self {
            case .identity(let identity): _ = try NIOSSLContext(identity)
            case .authorities(let text): _ = try text.parsedCertificates("certificate")
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
