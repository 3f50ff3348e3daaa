import Testing

@testable import GatewayConfiguration

/// What a message repeats of a file.
@Suite struct QuotedTests {
    @Test(arguments: [
        ("plain", "`plain`"), ("", "`\"\"`"), ("ä 東京", "`ä 東京`"), ("a\nb", "`a�b`"), ("a\r\nb", "`a�b`"),
        ("\u{1B}[2J", "`�[2J`"),
        ("a\u{85}b", "`a�b`"), ("a\u{2028}b", "`a�b`"), ("a\u{2029}b", "`a�b`"), ("a\u{202E}b", "`a�b`"),
        ("a\u{2066}b", "`a�b`"), ("my whsec_MfKQ", "`whsec_…`"),
        (String(repeating: "x", count: 61), "`\(String(repeating: "x", count: 60))…`"),
    ])
    func isOneLineReadAsItIsWritten(text: String, shown: String) {
        #expect(Quoted.text(text) == shown)
    }
}
