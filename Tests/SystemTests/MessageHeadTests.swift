import Testing

@testable import oncegate

@Suite("What bench reads of HTTP messages")
struct MessageHeadTests {
    private func head(_ text: String) -> MessageHead? { MessageHead(Array(text.utf8).span) }

    @Test("A request and an answer, whatever the case of the names; what is behind the head is left")
    func whole() throws {
        let text =
            "POST /events/7 HTTP/1.1\r\nHost: x\r\nWebhook-Id:  msg_1 \r\nCONTENT-LENGTH: 12\r\n\r\nwebhook-id: no"
        let request = try #require(head(text))
        #expect(request.word == "/events/7")
        #expect(request.id == "msg_1")
        #expect(request.length == 12)
        #expect(request.size == text.utf8.count - "webhook-id: no".utf8.count)
        let answer = try #require(head("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"))
        #expect(answer.word == "202" && answer.length == 0 && answer.id == nil)
    }

    @Test(
        "Any beginning of a head is not whole yet",
        arguments: 0..<"HTTP/1.1 200 OK\r\nx: y\r\n\r\n".utf8.count)
    func beginnings(length: Int) {
        #expect(head(String("HTTP/1.1 200 OK\r\nx: y\r\n\r\n".utf8.prefix(length)) ?? "") == nil)
    }

    @Test(
        "A length that is none, and heads that are odd",
        arguments: [
            ("GET / HTTP/1.1\r\ncontent-length: 1x\r\n\r\n", "/", nil as Int?),
            ("GET / HTTP/1.1\r\ncontent-length\r\n\r\n", "/", nil),
            ("GET\r\ncontent-length: 3\r\n\r\n", "", 3),
            ("\r\n", "", nil),
        ])
    func odd(text: String, word: String, length: Int?) throws {
        let read = try #require(head(text))
        #expect(read.word == word && read.length == length)
    }
}
