import Webhooks

extension Reading {
    /// The largest PEM file in bytes: a bundle of all public authorities has a quarter of a megabyte.
    static let maximumPEMBytes = 1 << 20
    private static let identityExample = "tls: { certificate: /etc/oncegate/tls.crt, key: /etc/oncegate/tls.key }"
    private static let authorityExample = "tls: { ca: /etc/oncegate/ca.pem }"

    /// The certificate of the front door; nil for plain HTTP.
    func doorIdentity(_ top: Fields) -> TLSIdentity? {
        guard let entry = top.entry("tls") else {
            if top.has("tls") {
                report.problem(top.place(of: "tls"), "`tls` is empty; expected `\(Self.identityExample)`")
            }
            return nil
        }
        guard
            let fields = Fields(
                entry.value, name: "`tls`", keys: ["certificate", "key"], example: Self.identityExample, reading: self)
        else { return nil }
        for key in ["certificate", "key"] where fields.entry(key) == nil {
            report.problem(fields.place(of: key), "`tls` has no \(key); expected `\(Self.identityExample)`")
        }
        return identity(fields)
    }

    /// How TLS connections to a destination are made.
    /// - Parameter url: the address of the destination, where it is usable.
    func destinationTLS(_ fields: Fields, url: String?) -> Destination.TLS? {
        guard let entry = fields.entry("tls"),
            let tls = Fields(
                entry.value, name: "`tls`", keys: ["ca", "certificate", "key", "insecure_skip_verify"],
                example: Self.authorityExample, reading: self)
        else { return nil }
        // There is no such switch; whoever looks for it is told what to do instead.
        _ = tls.value(
            "insecure_skip_verify",
            expected: "`never`, for certificates are always verified; a private authority is named by `ca`",
            example: "never"
        ) { ["never", "false"].contains($0) ? $0 : nil }
        if let url, ASCII.lowercased(String(url.prefix(5))) == "http:" {
            report.problem(entry.keyPlace, "\(fields.name) has `tls`, and an address that begins with http://")
        }
        var settings = Destination.TLS()
        if let (text, place) = pem(tls, "ca") {
            settings.authorities = text
            complain(about: .authorities(text), "`ca`", place)
        }
        for (key, other) in [("certificate", "key"), ("key", "certificate")]
        where tls.entry(key) != nil && tls.entry(other) == nil {
            report.problem(tls.place(of: key), "`\(key)` needs a `\(other)` beside it; expected both or neither")
        }
        settings.identity = identity(tls)
        return settings
    }

    private func identity(_ fields: Fields) -> TLSIdentity? {
        let (certificates, key) = (pem(fields, "certificate"), pem(fields, "key"))
        guard let certificates, let key else { return nil }
        let identity = TLSIdentity(certificates: certificates.text, key: Secret(key.text))
        complain(about: .identity(identity), "`certificate`", certificates.place)
        return identity
    }

    private func complain(about material: TLSMaterial, _ name: String, _ place: Place) {
        if let complaint = tlsComplaint(material) { report.problem(place, "\(name) cannot be used: \(complaint)") }
    }

    /// The PEM text that a key names by a file, or that stands there itself, as after `${file:…}`.
    private func pem(_ fields: Fields, _ key: String) -> (text: String, place: Place)? {
        guard let field = fields.text(key, example: "/etc/oncegate/\(key).pem") else { return nil }
        if field.text.contains("-----BEGIN ") { return (field.text, field.place) }
        guard !field.text.isEmpty, field.text.utf8.count <= 4096, !field.text.utf8.contains(0) else {
            report.problem(
                field.place, "`\(key)`\(field.origin) names no file; expected one such as `/etc/oncegate/\(key).pem`")
            return nil
        }
        let name = field.wasReplaced ? "the file of `\(key)`\(field.origin)" : "the file \(field.shown)"
        do {
            let text = try expansion.readFile(field.text)
            guard text.utf8.count <= Self.maximumPEMBytes else {
                report.problem(field.place, "\(name) is larger than \(SizeText.format(Self.maximumPEMBytes))")
                return nil
            }
            return (text, field.place)
        } catch {
            report.problem(field.place, "\(name) cannot be read: \(error)")
            return nil
        }
    }
}
