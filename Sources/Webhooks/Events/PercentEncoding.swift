extension String {
    /// The text with every byte of its UTF-8 form that is not allowed written as `%XY` (RFC 3986 section 2.1).
    private func percentEncoded(allowing isAllowed: (UInt8) -> Bool) -> String {
        guard !utf8.allSatisfy(isAllowed) else { return self }
        var text: [UInt8] = []
        text.reserveCapacity(utf8.count * 2)
        for byte in utf8 {
            if isAllowed(byte) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(contentsOf: byte.hexadecimalDigits(uppercase: true))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The text as the value of a `ce-` header: space, `"`, `%` and all but visible ASCII are encoded (CloudEvents HTTP
    /// binding 1.0.2, section 3.1.3.2).
    var encodedForHeader: String {
        percentEncoded { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "%") }
    }

    /// The text as one segment of a path: all but `pchar` is encoded, `/` and `%` too (RFC 3986 section 3.3).
    var encodedForPathSegment: String {
        percentEncoded { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~!$&'()*+,;=:@".utf8.contains(byte)
            }
        }
    }
}
