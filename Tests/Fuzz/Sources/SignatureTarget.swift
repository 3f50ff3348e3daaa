@testable import Webhooks

/// Signature headers of every scheme. An input is a byte that chooses the scheme, `name:value` lines, an empty line and a
/// body.
enum SignatureTarget {
    private struct Peer: Sendable {
        let scheme: SignatureScheme
        let signer: SigningKey
        let verifier: Verifier
        /// Whether one secret signs and verifies.
        let isSymmetric: Bool

        init(_ scheme: SignatureScheme, _ signing: String, _ verifying: String) {
            self.scheme = scheme
            isSymmetric = signing == verifying
            signer = unwrap("a signing key") { try SigningKey(Secret(signing), scheme) }
            let key = unwrap("a key") { try VerificationKey(Secret(verifying), scheme) }
            verifier = Verifier(scheme: scheme, keys: [key], tolerance: SignatureTarget.tolerance)
        }
    }

    private static let now: Int64 = 1_700_000_000
    private static let tolerance: Int64 = 300
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// The schemes in the order that `seeds.py` knows them in.
    private static let peers: [Peer] =
        SignatureScheme.table.map { Peer($0, secret, secret) } + [
            Peer(signsAll, secret, secret), Peer(signsBehind, secret, secret),
            Peer(.svix, ed25519.privateKey, ed25519.publicKey),
        ]

    /// Standard Webhooks' form of the key pair of RFC 8032, section 7.1, test 1.
    private static let ed25519 = (
        privateKey: "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==",
        publicKey: "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    )

    private static let signsAll: SignatureScheme = {
        var custom = CustomScheme(header: "x-signature", id: .header("x-id"))
        custom.timestamp = "x-time"
        custom.content = unwrap("a template") { try SignedContent(template: "{id}.{timestamp}.{body}") }
        return custom.scheme
    }()

    private static let signsBehind: SignatureScheme = {
        var custom = CustomScheme(header: "x-signature", id: .header("x-id"))
        custom.algorithm = .sha512
        custom.encoding = .base64
        custom.prefix = "sig="
        custom.type = .header("x-type")
        custom.timestamp = "x-time"
        custom.content = unwrap("a template") { try SignedContent(template: "a:{body}:{timestamp}:{id}") }
        return custom.scheme
    }()

    static func run(_ input: [UInt8]) {
        guard let choice = input.first else { return }
        let peer = peers[Int(choice) % peers.count]
        let (headers, body) = message(input.dropFirst())
        checkAsItCame(peer, headers, body)
        checkHonest(peer, body, fingerprint: input.fingerprint)
    }

    private static func message(_ input: ArraySlice<UInt8>) -> ([(String, String)], [UInt8]) {
        var headers: [(String, String)] = []
        var rest = input
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest.dropFirst(line.count + 1)
            guard !line.isEmpty else { break }
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            let value = line.dropFirst(name.count + 1)
            headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return (headers, Array(rest))
    }

    /// Judges a message and holds the judgement against what the rules say in other words.
    private static func checkAsItCame(_ peer: Peer, _ headers: [(String, String)], _ body: [UInt8]) {
        let values = { (name: String) in headers.filter { $0.0 == name }.map(\.1) }
        guard let signed = try? SignatureHeaders(peer.scheme, values: values) else { return }
        let verdict = Result { () throws(VerificationFailure) in
            try peer.verifier.verify(signed, body: body.span.bytes, now: now)
        }
        let time = peer.scheme.form.timestampPrefix.map { onlyEntry(of: signed, peer.scheme, after: $0) }
        let timestamp: String? = time ?? signed.timestamp
        let isRight = isSigned(signed, timestamp: timestamp, body, by: peer)
        // Ed25519 looks at four signatures only.
        if peer.isSymmetric {
            let isRefusedForSignature = if case .failure(.wrongSignature) = verdict { true } else { false }
            require(isRight != isRefusedForSignature, "\(peer.scheme.name): right is \(isRight), verdict \(verdict)")
        }
        guard case .success(let message) = verdict else { return }
        require(isRight, "\(peer.scheme.name): nothing is accepted without the right signature")
        require(message.id.map { Verifier.isUsable(id: $0) } ?? true, "an accepted id is usable")
        require(message.id == signed.id, "the id that was signed is the one that is claimed")
        require((message.timestamp != nil) == peer.scheme.signsTime, "a time that is signed is looked at")
        if let time = message.timestamp {
            require((now - tolerance...now + tolerance).contains(time), "an accepted time is within the tolerance")
            require(timestamp.flatMap { Int64($0) } == time, "it is the one that was signed")
        }
    }

    /// Whether one of the entries is what the sender would have written.
    private static func isSigned(
        _ signed: SignatureHeaders, timestamp: String?, _ body: [UInt8], by peer: Peer
    ) -> Bool {
        let scheme = peer.scheme
        let honest = peer.signer.signature(id: signed.id ?? "", timestamp: timestamp ?? "", body: body.span.bytes)
        let comma = UInt8(ascii: ",")
        let wanted = Array(
            scheme.form.timestampPrefix == nil ? honest.utf8[...] : honest.utf8.drop { $0 != comma }.dropFirst())
        let length = (peer.isSymmetric ? scheme.form.prefix : "v1a,").utf8.count
        return entries(of: signed, scheme).map { Array($0.utf8) }.contains { entry in
            guard entry.starts(with: wanted.prefix(length)) else { return false }
            let (given, right) = (entry.dropFirst(length), wanted.dropFirst(length))
            if !peer.isSymmetric {
                // Base64 has more than one spelling of the last byte; the key judges bytes.
                return decodeBase64(String(decoding: given, as: UTF8.self)[...])
                    == decodeBase64(String(decoding: right, as: UTF8.self)[...])
            }
            return given.elementsEqual(right) { scheme.encoding == .hex ? lowercased($0) == $1 : $0 == $1 }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }

    private static func entries(of signed: SignatureHeaders, _ scheme: SignatureScheme) -> [String] {
        guard let separator = scheme.form.separator else { return [signed.signature] }
        let entries = signed.signature.utf8.split(separator: UInt8(ascii: separator))
        return entries.prefix(SignatureForm.maximumEntries).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func onlyEntry(
        of signed: SignatureHeaders, _ scheme: SignatureScheme, after prefix: String
    ) -> String? {
        let found = entries(of: signed, scheme).filter { $0.utf8.starts(with: prefix.utf8) }
        return found.count == 1 ? String(decoding: found[0].utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }

    /// A message that the sender signs is taken, and one that is changed on its way is not.
    private static func checkHonest(_ peer: Peer, _ body: [UInt8], fingerprint: UInt64) {
        let headers = peer.signer.headers(
            id: "msg_\(fingerprint)", type: "push", timestamp: String(now), body: body.span.bytes)
        let signed = unwrap("a signed message is complete") {
            try SignatureHeaders(peer.scheme) { name in headers.filter { $0.name == name }.map(\.value) }
        }
        let message = unwrap("\(peer.scheme.name): a signed message is accepted") {
            try peer.verifier.verify(signed, body: body.span.bytes, now: now)
        }
        require(message.keyIndex == 0, "the key that signed is named")
        var changed = body
        if changed.isEmpty {
            changed = [0]
        } else {
            changed[Int(fingerprint >> 8) % changed.count] ^= 1 << UInt8(fingerprint & 7)
        }
        require(
            (try? peer.verifier.verify(signed, body: changed.span.bytes, now: now)) == nil,
            "\(peer.scheme.name): a changed body is refused")
        guard peer.scheme.signsTime else { return }
        require(
            (try? peer.verifier.verify(signed, body: body.span.bytes, now: now + tolerance + 1)) == nil,
            "\(peer.scheme.name): an old message is refused")
    }
}
