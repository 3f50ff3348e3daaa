import Foundation
import Testing
import Webhooks

/// JSONTestSuite (github.com/nst/JSONTestSuite at 1ef36fa, MIT), `test_parsing`: a file that begins with `y_` is JSON, one
/// with `n_` is none, and `i_` leaves it to the implementation.
private struct SuiteFile: Sendable {
    let name: String
    let bytes: [UInt8]

    static let all: [SuiteFile] = {
        let folder = Bundle.module.bundleURL.appending(path: "Resources/JSONTestSuite/test_parsing").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)").map { SuiteFile(name: name, bytes: Array($0)) }
        }
    }()

    /// Of what the suite leaves open, Oncegate refuses what is not UTF-8, and a byte order mark (RFC 8259, section 8.1).
    /// Lone surrogates, numbers of any size and 500 arrays within each other are accepted.
    private static let refused: Set = [
        "i_string_UTF-16LE_with_BOM.json", "i_string_UTF-8_invalid_sequence.json",
        "i_string_UTF8_surrogate_U+D800.json",
        "i_string_invalid_utf-8.json", "i_string_iso_latin_1.json", "i_string_lone_utf8_continuation_byte.json",
        "i_string_not_in_unicode_range.json", "i_string_overlong_sequence_2_bytes.json",
        "i_string_overlong_sequence_6_bytes.json", "i_string_overlong_sequence_6_bytes_null.json",
        "i_string_truncated-utf-8.json", "i_string_utf16BE_no_BOM.json", "i_string_utf16LE_no_BOM.json",
        "i_structure_UTF-8_BOM_empty_object.json",
    ]

    var isJSON: Bool { name.hasPrefix("y_") || name.hasPrefix("i_") && !Self.refused.contains(name) }

    /// The text without white space around it.
    var trimmed: [UInt8] {
        let isWhite = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        return Array(bytes.drop(while: isWhite).reversed().drop(while: isWhite).reversed())
    }

    var isObject: Bool { isJSON && trimmed.first == UInt8(ascii: "{") }
}

@Suite("JSON through the door")
struct JSONSuiteTests {
    private func withGateway(
        _ body: (_ gateway: GatewayProcess, _ service: RecordingService, _ redis: PrivateRedis) async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let service = try await stage.service()
            let redis = try await stage.redis()
            let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", service)]))
            let gateway = try await stage.gateway(yaml: SchemeSource.yaml(yaml))
            try await body(gateway, service, redis)
        }
    }

    private func wrapped(_ data: [UInt8], id: String) -> SignedEvent {
        var event = SignedEvent(id: id, body: #"{"type":"invoice.paid","data":"#)
        event.body += data + [UInt8(ascii: "}")]
        return event
    }

    private func expectData(_ data: [UInt8], of id: String, at service: RecordingService) {
        let found = service.requests.filter { $0.id == id }
        #expect(found.count == 1, "\(id)")
        let end = Array(#","data":"#.utf8) + data + [UInt8(ascii: "}")]
        #expect(found.first?.body.suffix(end.count).elementsEqual(end) == true, "\(id)")
    }

    /// The ids are positions in the list: names of files need not be ids.
    private func id(_ number: Int) -> String { "evt_\(number)" }

    @Test("The suite is there")
    func files() {
        #expect(SuiteFile.all.filter { $0.name.hasPrefix("y_") }.count == 95)
        #expect(SuiteFile.all.filter { $0.name.hasPrefix("n_") }.count == 188)
        #expect(SuiteFile.all.filter { $0.name.hasPrefix("i_") }.count == 35)
        #expect(SuiteFile.all.filter(\.isJSON).count == 95 + 35 - 14)
    }

    @Test("JSONTestSuite as `data`: what is JSON is delivered to the letter, what is none is refused and leaves no key")
    func asData() async throws {
        try await withGateway { gateway, service, redis in
            let isSent = try await RawConnection.with(port: gateway.port) { connection in
                for (number, file) in SuiteFile.all.enumerated() {
                    let response = try await connection.exchange(wrapped(file.bytes, id: id(number)).request())
                    #expect(response.status == (file.isJSON ? 202 : 400), "\(file.name): \(response.body)")
                    if !file.isJSON { #expect(response.body == #"{"error":"Invalid payload"}"#, "\(file.name)") }
                }
                return true
            }
            #expect(isSent)
            let good = SuiteFile.all.enumerated().filter(\.element.isJSON)
            try await service.waitForRequests(good.count)
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            #expect(service.requests.count == good.count)
            for (number, file) in good { expectData(file.trimmed, of: id(number), at: service) }
            #expect(try await redis.keys("og:*:claim:*").count == good.count)
        }
    }

    @Test("JSONTestSuite as the whole body: only objects are events, and nothing crashes or grows")
    func asBody() async throws {
        try await withGateway { gateway, service, redis in
            let source = SchemeSource.named("code")
            func pass(_ round: Int) async throws {
                try await RawConnection.with(port: gateway.port) { connection in
                    for (number, file) in SuiteFile.all.enumerated() {
                        // Nothing in the suite has a `type`.
                        var event = SignedEvent(id: id(number), body: "")
                        event.body = file.bytes
                        let bare = try await connection.exchange(event.request())
                        #expect(bare.body == #"{"error":"Invalid payload"}"#, "\(file.name)")
                        // This sender has it in a header.
                        let headers = try SigningKey(Secret(source.secret), .github).headers(
                            id: id(number), type: "suite", timestamp: "", body: file.bytes.span.bytes)
                        let response = try await connection.exchange(
                            RawRequest(target: "/in/code", headers: headers, body: file.bytes))
                        let accepted = round == 0 ? 202 : 200
                        #expect(response.status == (file.isObject ? accepted : 400), "\(file.name): \(response.body)")
                    }
                }
            }
            try await pass(0)
            let good = SuiteFile.all.enumerated().filter(\.element.isObject)
            #expect(good.count == 13)
            try await service.waitForRequests(good.count)
            for (number, file) in good { expectData(file.trimmed, of: id(number), at: service) }
            #expect(try await redis.keys("og:*:claim:*").count == good.count)
            for round in 1..<4 { try await pass(round) }
            let before = try #require(try await gateway.metric("process_resident_memory_bytes"))
            for round in 4..<6 { try await pass(round) }
            let after = try #require(try await gateway.metric("process_resident_memory_bytes"))
            // Two passes send 1.4 MB of bodies.
            #expect(after - before < 1024 * 1024 || !Program.showsItsMemory, "\(before) to \(after)")
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let data: String
        var isAccepted = true
        var testDescription: String { name }

        static let nesting = String(repeating: "[", count: 511) + String(repeating: "]", count: 511)
    }

    @Test(
        "Hard values are kept to the letter, or refused",
        arguments: [
            Case(name: "lone surrogates", data: #"["\ud800","\udc00\ud800","\uD83D\uDE00",{"\udfff":0}]"#),
            Case(name: "repeated keys", data: #"{"a":1,"a":2,"\u0061":3,"id":"x","id":"y"}"#),
            Case(name: "a huge integer", data: "[\(String(repeating: "9", count: 10_000)),18446744073709551616]"),
            Case(name: "huge exponents", data: "[1e400,-1E+400,1e-400,0.1e99999,1.0,-0,-0.0,0e0]"),
            Case(name: "a long fraction", data: "3.\(String(repeating: "14", count: 5000))"),
            Case(name: "escapes in any spelling", data: #""\/\u002f\u00e9é\b\u0000\u2028""#),
            Case(name: "white space within", data: "{ \"a\" :\t[ 1 ,\r\n2 ] }"),
            Case(name: "the greatest depth", data: Case.nesting),
            Case(name: "a depth beyond", data: "[\(Case.nesting)]", isAccepted: false),
            Case(name: "a byte order mark", data: "\u{FEFF}1", isAccepted: false),
            Case(name: "a byte order mark within", data: "[\u{FEFF}1]", isAccepted: false),
            Case(name: "a mark in a string", data: "\"\u{FEFF}\""),
            Case(name: "NUL", data: "\"\u{0}\"", isAccepted: false),
        ])
    func hardValues(_ row: Case) async throws {
        try await withGateway { gateway, service, redis in
            let response = try await gateway.post(wrapped(Array(row.data.utf8), id: "evt_1"))
            #expect(response.status == (row.isAccepted ? 202 : 400))
            if row.isAccepted {
                try await service.waitForRequests(1)
                expectData(Array(row.data.utf8), of: "evt_1", at: service)
            } else {
                #expect(try await redis.size() == 0)
            }
        }
    }

    @Test("Where a key of the envelope is repeated, the last one counts; a mark before the body is refused")
    func envelopes() async throws {
        try await withGateway { gateway, service, _ in
            let body = #"{"type":"first","data":{"n":1},"type":"last","data":{"n":2},"data":{"n":3}}"#
            try await gateway.accept(SignedEvent(id: "evt_1", body: body))
            let delivered = try await service.waitForRequests(1)[0]
            #expect(delivered.text.contains(#""type":"last""#))
            expectData(Array(#"{"n":3}"#.utf8), of: "evt_1", at: service)
            #expect(try await gateway.post(SignedEvent(body: "\u{FEFF}" + body)).status == 400)
            // A lone surrogate in the type cannot be kept as a text: it is routed and sent on as U+FFFD.
            try await gateway.accept(SignedEvent(id: "evt_2", body: #"{"type":"a\ud800","data":"\ud800"}"#))
            let second = try await service.waitForRequests(2)[1]
            #expect(second.text.contains("\"type\":\"a\u{FFFD}\""))
            expectData(Array(#""\ud800""#.utf8), of: "evt_2", at: service)
        }
    }
}
