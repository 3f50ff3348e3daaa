/// The rules that a request meets before libcurl sees it.
extension HTTPRequest {
    /// Checks every rule that the documentation of the properties names.
    /// - Throws: ``TransferError`` with `badURL` or `badRequest`; the message names the part, never its value.
    func check() throws(TransferError) {
        guard isWebURL else { throw .refused(.badURL, "the URL is not an absolute http or https address") }
        guard body.count <= Self.maximumBodyBytes else { throw .refused(.badRequest, "the body is too long") }
        guard method == .post || body.isEmpty else { throw .refused(.badRequest, "a GET request has no body") }
        guard headers.count <= Self.maximumHeaders else { throw .refused(.badRequest, "there are too many headers") }
        for (name, value) in headers {
            guard Self.isToken(name) else { throw .refused(.badRequest, "the name of a header is not a token") }
            guard !Self.framing.contains(where: { Self.isSame(name, $0) }) else {
                throw .refused(.badRequest, "the header \(name) is set by the transfer itself")
            }
            guard Self.isFieldValue(value) else {
                throw .refused(.badRequest, "the value of the header \(name) has a control character or is too long")
            }
        }
    }

    /// Whether the address is encrypted on the way.
    var isSecure: Bool { url.utf8.prefix(6).elementsEqual("https:".utf8, by: { $0 | 0x20 == $1 | 0x20 }) }

    /// Whether a header of that name is given, in any case.
    func has(_ name: StaticString) -> Bool { headers.contains { Self.isSame($0.name, name) } }

    private static let framing: [StaticString] = ["content-length", "transfer-encoding", "expect", "upgrade"]

    // libcurl would take "localhost:80/x" and "http:/host" too and guess; here only what RFC 3986 calls absolute
    // passes.
    private var isWebURL: Bool {
        guard url.utf8.count <= Self.maximumURLBytes, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return false
        }
        let scheme = url.utf8.prefix { $0 != UInt8(ascii: ":") }
        let rest = url.utf8[scheme.endIndex...]
        guard Self.isSame(scheme, "http") || Self.isSame(scheme, "https"), rest.starts(with: "://".utf8) else {
            return false
        }
        return rest.dropFirst(3).first.map { !"/?#".utf8.contains($0) } ?? false
    }

    private static func isToken(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { utf8 in
            (1...256).contains(utf8.count)
                && utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: "!#$%&'*+.^_`|~".utf8.contains(byte)
                    }
                }
        }
    }

    private static func isFieldValue(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { utf8 in
            utf8.count <= maximumHeaderValueBytes
                && utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }
        }
    }

    private static func isSame(_ name: String, _ other: StaticString) -> Bool { isSame(name.utf8[...], other) }

    /// Compares ASCII without regard to case; `other` is lower case.
    private static func isSame(_ name: Substring.UTF8View, _ other: StaticString) -> Bool {
        guard name.count == other.utf8CodeUnitCount else { return false }
        return other.withUTF8Buffer { expected in
            name.elementsEqual(expected) { byte, lower in
                byte == lower || (byte | 0x20 == lower && lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
            }
        }
    }
}
