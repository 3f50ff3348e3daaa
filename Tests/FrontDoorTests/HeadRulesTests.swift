import NIOHTTP1
import Testing

@testable import FrontDoor

@Suite struct HeadRulesTests {
    private func refusal(
        _ target: String = "/hook", method: HTTPMethod = .POST, version: HTTPVersion = .http1_1,
        headers: [(String, String)] = [("Host", "a")]
    ) -> Refusal? {
        HeadRules.refusal(
            of: HTTPRequestHead(version: version, method: method, uri: target, headers: HTTPHeaders(headers)))
    }

    @Test(arguments: [
        "/", "/hook", "/hook?a=b%20c", "/a/../b", "//", "/hook;a=1", "/" + String(repeating: "x", count: 8191),
    ])
    func targetsThatPass(target: String) {
        #expect(refusal(target) == nil)
    }

    @Test(arguments: [
        "", "hook", "*", "http://a/hook", "https://a/hook", "a:80", "/hook#a", "/hook\u{1}", "/hook\u{7F}", "/höok",
        "/a b", "?a",
    ])
    func targetsThatDoNot(target: String) {
        #expect(refusal(target) == .malformed)
    }

    @Test func aTargetCanBeTooLong() {
        #expect(refusal("/" + String(repeating: "x", count: 8192))?.answer == .targetTooLong)
    }

    @Test func theAsteriskIsForOptions() {
        #expect(refusal("*", method: .OPTIONS) == nil)
        #expect(refusal("*", method: .GET) == .malformed)
    }

    @Test(arguments: ["", "a", "a.example:8080", "[::1]:80", "127.0.0.1", "a_b", "xn--p1ai", "A"])
    func hostsThatPass(host: String) {
        #expect(refusal(headers: [("hOST", host)]) == nil)
    }

    @Test(arguments: ["a b", "a/b", "u@a", "a,b", "a#b", "a?b", "é", "a\\b", "http://a"])
    func hostsThatDoNot(host: String) {
        #expect(refusal(headers: [("host", host)]) == .malformed)
    }

    @Test func thereIsOneHost() {
        #expect(refusal(headers: []) == .malformed)
        #expect(refusal(version: .http1_0, headers: []) == nil)
        #expect(refusal(headers: [("host", "a"), ("Host", "a")]) == .malformed)
        #expect(refusal(version: .http1_0, headers: [("host", "a"), ("Host", "a")]) == .malformed)
    }

    @Test(arguments: [("chunked", true), ("CHUNKED", true), ("", false), ("gzip, chunked", false), ("chunked,", false)])
    func theOnlyCodingIsChunked(value: String, passes: Bool) {
        #expect((refusal(headers: [("host", "a"), ("Transfer-Encoding", value)]) == nil) == passes)
    }

    @Test func codingsComeOnceAndNotBeforeTheirTime() {
        let chunked = [("host", "a"), ("transfer-encoding", "chunked")]
        #expect(refusal(headers: chunked + [("Transfer-Encoding", "chunked")]) == .malformed)
        #expect(refusal(version: .http1_0, headers: chunked) == .malformed)
    }
}
