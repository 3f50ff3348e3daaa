import Testing
import Webhooks

@Suite struct JSONScannerTests {
    @Test(arguments: [
        "null", "true", "false", " \t\r\n1 \t\r\n", "\"\"", "[]", "{}", "[ ]", "{ }", "[[],{},[{}]]",
        "[1,2 , 3]", #"{"a":1 , "a":2}"#, #"{"":0}"#, #"{"a" : {"b" : [ { } ] } }"#,
        "0", "-0", "-1", "10", "0.5", "-0.0", "1e5", "1E+05", "1e-0", "123456789012345678901234567890", "1e400",
        #""plain""#, #""\"\\\/\b\f\n\r\t""#, #""\u0000\uABCD\uabcd\u0041""#, #""\ud83d\ude00""#,
        #""\ud800""#, #""\udc00\ud800""#, #""\ud800\u0041""#, "\"\u{7F}\"", "\"\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\"",
        "\"\u{2028}\u{FEFF}\u{10FFFF}\"", "\"exactly7\"", "\"exactly 8\"", "\"12345678901234567\"",
    ])
    func accepts(text: String) throws {
        try validate(Array(text.utf8))
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2),
            ("[1,", .unexpectedEnd, 3), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
            ("{\"a\":1,", .unexpectedEnd, 7), ("\"abc", .unexpectedEnd, 4), ("tru", .unexpectedEnd, 3),
            ("-", .unexpectedEnd, 1), ("1.", .unexpectedEnd, 2), ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3),
            ("[1,]", .unexpectedByte, 3), ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3),
            ("{\"a\":1,}", .unexpectedByte, 7), ("{a:1}", .unexpectedByte, 1), ("{1:1}", .unexpectedByte, 1),
            ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":1 \"b\":2}", .unexpectedByte, 7), ("[1}", .unexpectedByte, 2),
            ("{\"a\":1]", .unexpectedByte, 6), ("{\"a\",1}", .unexpectedByte, 4), ("[1:2]", .unexpectedByte, 2),
            ("]", .unexpectedByte, 0), ("nul1", .unexpectedByte, 3), ("True", .unexpectedByte, 0),
            ("NaN", .unexpectedByte, 0),
            ("-Infinity", .invalidNumber, 1), ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0),
            ("'a'", .unexpectedByte, 0), ("// a\n1", .unexpectedByte, 0), ("[\u{A0}1]", .unexpectedByte, 1),
            ("\u{FEFF}1", .unexpectedByte, 0), ("\u{0C}1", .unexpectedByte, 0), ("[1\u{0}]", .unexpectedByte, 2),
            ("\u{0}", .unexpectedByte, 0),
            ("1 2", .trailingData, 2), ("{}}", .trailingData, 2), ("[]]", .trailingData, 2),
            ("\"a\"b", .trailingData, 3),
            ("1\u{0}", .trailingData, 1), ("truefalse", .trailingData, 4), ("0x10", .trailingData, 1),
            ("01", .invalidNumber, 1), ("-01", .invalidNumber, 2), ("00", .invalidNumber, 1),
            ("1.e5", .invalidNumber, 2),
            ("[1e]", .invalidNumber, 3), ("[1.]", .invalidNumber, 3), ("[-]", .invalidNumber, 2),
            ("--1", .invalidNumber, 1),
            (#""\x41""#, .invalidEscape, 1), (#""\u12""#, .invalidEscape, 1), (#""\u12G4""#, .invalidEscape, 1),
            (#""\U0041""#, .invalidEscape, 1), (#""\"#, .invalidEscape, 1), (#""\'""#, .invalidEscape, 1),
            ("\"a\nb\"", .controlCharacter, 2), ("\"a\u{0}\"", .controlCharacter, 2),
            ("\"\u{1F}\"", .controlCharacter, 1),
            ("\"0123456\t\"", .controlCharacter, 8), ("{\"a\tb\":1}", .controlCharacter, 3),
        ] as [(String, JSONError.Code, Int)])
    func refuses(text: String, code: JSONError.Code, offset: Int) {
        let error = #expect(throws: JSONError.self) { try validate(Array(text.utf8)) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    /// Ill-formed UTF-8 (Unicode 16, table 3-8), within a string at offset 1.
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0xA0], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x98, 0x41], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]])
    func refusesIllFormedUTF8(bytes: [UInt8]) {
        for text in [[0x22] + bytes + [0x22], [0x22] + bytes] {
            let error = #expect(throws: JSONError.self) { try validate(text) }
            #expect(error?.offset == 1)
        }
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)).utf8)
        }
        let limit = JSONScanner.maximumDepth
        #expect(limit >= 500)
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            try validate(nested(limit, open, close))
            let error = #expect(throws: JSONError.self) {
                try validate(nested(limit + 1, open, close))
            }
            #expect(error?.code == .tooDeep)
            #expect(error?.offset == limit * open.utf8.count)
        }
        // A hundred thousand openings are refused as early, without a stack to overflow.
        #expect(throws: JSONError.self) { try validate([UInt8](repeating: 0x5B, count: 100_000)) }
    }

    /// Containers must be closed by their own bracket at every depth, beyond the first 64 too.
    @Test(arguments: [1, 63, 64, 65, 130])
    func matchesBrackets(depth: Int) throws {
        var text: [UInt8] = []
        for level in 0..<depth { text += level % 2 == 0 ? [0x5B] : Array(#"{"a":"#.utf8) }
        text.append(UInt8(ascii: "0"))
        for level in (0..<depth).reversed() { text.append(level % 2 == 0 ? 0x5D : 0x7D) }
        try validate(text)
        for index in text.count - depth..<text.count {
            var wrong = text
            wrong[index] ^= 0x5D ^ 0x7D
            #expect(throws: JSONError.self) { try validate(wrong) }
        }
    }

    /// A plain run is searched eight bytes at a time: a fault or an end must be found wherever in a word it is.
    @Test(arguments: 0..<24)
    func findsEveryPosition(position: Int) throws {
        var text = [UInt8](repeating: UInt8(ascii: "a"), count: 26)
        text[0] = UInt8(ascii: "\"")
        text[25] = UInt8(ascii: "\"")
        try validate(text)
        for (byte, code) in [
            (0x1F, .controlCharacter), (0xFF, .invalidUTF8), (0x22, .trailingData), (0x5C, .invalidEscape),
        ]
            as [(UInt8, JSONError.Code)]
        {
            var wrong = text
            wrong[position + 1] = byte
            let error = #expect(throws: JSONError.self) { try validate(wrong) }
            // `\"` at the last position is an escape, after which the string has no end.
            #expect(error?.code == (position == 23 && byte == 0x5C ? .unexpectedEnd : code))
        }
    }

    /// Every beginning of a text is refused, and every text with one byte changed is refused or can be read.
    @Test(arguments: ["edge.raw.unicode.json", "edge.raw.numbers.json", "edge.raw.whitespace.json"])
    func survivesDamage(name: String) throws {
        let text = try Resource.bytes("wire/\(name)")
        let end = (text.lastIndex(of: UInt8(ascii: "}")) ?? 0) + 1
        for count in 0..<end {
            #expect(throws: JSONError.self) { try validate(Array(text[..<count])) }
        }
        for index in text.indices {
            for byte in [0x00, 0x20, 0x22, 0x2C, 0x30, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
                var damaged = text
                damaged[index] = byte
                guard let value = try? JSONValue(validating: damaged) else { continue }
                readAll(value)
            }
        }
    }

    private func validate(_ text: [UInt8]) throws {
        try JSONScanner.validate(text.span.bytes)
    }

    private func readAll(_ value: JSONValue) {
        _ = (value.string, value.integer, value.double, value.boolean)
        for element in value.elements ?? [] { readAll(element) }
        guard let object = value.object else { return }
        for key in object.keys { object[key].map(readAll) }
    }
}
