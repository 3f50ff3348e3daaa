import FoundationEssentials

/// The bytes of a secret's base64 text (RFC 4648 section 4), or nil where it is not base64.
///
/// More lenient than Foundation in one point, because secrets in circulation need it: the padding may be left out.
/// White space and any other character outside the alphabet are refused.
func decodeBase64(_ text: Substring) -> [UInt8]? {
    var digits = text
    var padding = 0
    while digits.last == "=", padding < 2 {
        digits.removeLast()
        padding += 1
    }
    let missing = (4 - digits.utf8.count % 4) % 4
    guard missing != 3, padding == 0 || padding == missing, !digits.contains("=") else { return nil }
    return Data(base64Encoded: digits + String(repeating: "=", count: missing)).map(Array.init)
}

/// The base64 text of some bytes (RFC 4648 section 4), with padding.
func encodeBase64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
}
