import Testing
import Webhooks

@Suite struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue {
        try JSONValue(validating: Array(text.utf8))
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""Zoë 𝒵""#, "Zoë 𝒵"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "A\u{E9}€"), (#""\ud83d\ude00""#, "😀"), (#""\uD83D\uDE00!""#, "😀!"),
        (#""a\u0000b""#, "a\u{0}b"), (#""\ud800""#, "\u{FFFD}"), (#""\ud800\u0041""#, "\u{FFFD}A"),
        (#""\udc00\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\\u0041""#, "\\u0041"),
    ])
    func readsStrings(text: String, expected: String) throws {
        #expect(try value(text).string == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("42", 42), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("123456789012345678901234567890", nil),
            ("1.0", nil), ("1e2", nil), ("\"1\"", nil), ("null", nil),
        ] as [(String, Int64?)])
    func readsIntegers(text: String, expected: Int64?) throws {
        #expect(try value(text).integer == expected)
    }

    @Test(
        arguments: [
            ("0.5", 0.5), ("-1e2", -100), ("1", 1), ("1e400", .infinity), ("5e-324", .leastNonzeroMagnitude),
            ("true", nil), ("\"1\"", nil),
        ] as [(String, Double?)])
    func readsDoubles(text: String, expected: Double?) throws {
        #expect(try value(text).double == expected)
    }

    @Test func tellsKinds() throws {
        let kinds = try value(#"[{}, [], "", 1, -1, true, false, null]"#).elements?.map(\.kind)
        #expect(kinds == [.object, .array, .string, .number, .number, .boolean, .boolean, .null])
        let booleans = try value(#"[true, false, null, 1]"#).elements?.map(\.boolean)
        #expect(booleans == [true, false, nil, nil])
    }

    @Test func keepsValuesToTheLetter() throws {
        let text = #" { "a" : [ 1.0 , {"b":"\u003c\/"} ] , "n" : 123456789012345678901234567890 } "#
        let object = try #require(try value(text).object)
        #expect(object["a"].map { String(decoding: $0.raw, as: UTF8.self) } == #"[ 1.0 , {"b":"\u003c\/"} ]"#)
        #expect(object["n"].map { String(decoding: $0.raw, as: UTF8.self) } == "123456789012345678901234567890")
        #expect(String(decoding: try value(text).raw, as: UTF8.self) == text.dropFirst().dropLast())
        #expect(object.keys == ["a", "n"])
    }

    @Test(
        arguments: [
            (#"{"a":1,"a":2}"#, "a", 2), (#"{"a":1,"\u0061":2}"#, "a", 2), (#"{"\u0061":1,"b":2}"#, "a", 1),
            (#"{"\ud83d\ude00":1}"#, "😀", 1), (#"{"":1}"#, "", 1), (#"{"a\"b":1}"#, "a\"b", 1),
            (#"{"a":{"b":1}}"#, "b", nil),
            // Equal for Swift's strings, yet different keys: U+00E9 and e with U+0301.
            ("{\"\u{E9}\":1}", "e\u{301}", nil), (#"{"aa":1}"#, "a", nil), (#"{"A":1}"#, "a", nil), ("{}", "a", nil),
            (#"{"\\u0061":1}"#, "a", nil), (#"{"x":"\"a\":1","a":{"}":2,"a":3},"a":[4]}"#, "x", nil),
        ] as [(String, String, Int64?)])
    func findsMembers(text: String, key: String, expected: Int64?) throws {
        let object = try #require(try value(text).object)
        #expect(object[key]?.integer == expected)
    }

    @Test func hasNoEntriesInOtherKinds() throws {
        for text in ["1", "\"{}\"", "null", "[]"] { #expect(try value(text).object == nil) }
        for text in ["1", "\"[]\"", "null", "{}"] { #expect(try value(text).elements == nil) }
        #expect(try value("[]").elements?.isEmpty == true)
        #expect(try value("{ }").object?.keys == [])
    }
}
