import Foundation
import Logging
import Testing

@testable import Telemetry

/// What a handler writes to a file.
private func written(_ format: LogFormat, isColoured: Bool = false, _ body: (inout Logger) -> Void) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "oncegate-log-\(UUID())")
    try #require(FileManager.default.createFile(atPath: file.path, contents: nil))
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let output = LineOutput(descriptor: handle.fileDescriptor)
    var logger = Logger(label: "test") { _ in
        switch format {
        case .json: JSONLogHandler(level: .debug, output: output)
        case .text: TextLogHandler(level: .debug, isColoured: isColoured, output: output)
        }
    }
    body(&logger)
    try handle.close()
    return try #require(String(data: Data(contentsOf: file), encoding: .utf8))
}

private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
}

@Suite("JSON log lines")
struct JSONLogTests {
    @Test func orderOfTheKeys() throws {
        let text = try written(.json) { logger in
            logger[metadataKey: "source"] = "clerk"
            logger.info("accepted", metadata: ["type": "user.created", "id": "msg_1"])
        }
        let pattern =
            /\{"time":"(.+)","level":"info","message":"accepted","id":"msg_1","source":"clerk","type":"user.created"\}\n/
        let match = try #require(text.wholeMatch(of: pattern))
        #expect(match.1.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let time = try Date(String(match.1), strategy: style)
        #expect(abs(time.timeIntervalSinceNow) < 60)
    }

    @Test(arguments: [
        "plain", "", "two\nlines", "carriage\rreturn", "tab\t", "quote\"s", "back\\slash", "\u{0}\u{1}\u{1F}\u{7F}",
        "\u{1B}[31mred\u{1B}[0m", "\u{9B}31m", "\u{85}", "ünï 🎉", "\u{2028}", "}{", "\",\"level\":\"fake",
        String(decoding: [0xED, 0xA0, 0x80, 0xFF, 0xC0] as [UInt8], as: UTF8.self),
        String(decoding: [0xD83C, 0x61] as [UInt16], as: UTF16.self),
    ])
    func hostileText(_ hostile: String) throws {
        let text = try written(.json) { logger in
            logger.warning("\(hostile)", metadata: ["v": "\(hostile)", "k\(hostile)": "1"])
        }
        #expect(text.hasSuffix("}\n"))
        #expect(!text.dropLast().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        let object = try object(text)
        #expect(object["message"] as? String == hostile)
        #expect(object["v"] as? String == hostile)
        #expect(object["k\(hostile)"] as? String == "1")
        #expect(object["level"] as? String == "warning")
        #expect(object.count == 5)
    }

    @Test func kindsOfValues() throws {
        let text = try written(.json) { logger in
            logger.notice(
                "kinds",
                metadata: [
                    "int": .stringConvertible(-7), "big": .stringConvertible(UInt64.max),
                    "flag": .stringConvertible(true),
                    "double": .stringConvertible(0.25), "nan": .stringConvertible(Double.nan),
                    "duration": .stringConvertible(Duration.milliseconds(1500)),
                    "list": ["a", .array(["b"]), .dictionary(["z": "1", "y": "2"])],
                ])
        }
        #expect(
            text.contains(
                """
                "big":18446744073709551615,"double":0.25,"duration":"1.5 seconds","flag":true,"int":-7,\
                "list":["a",["b"],{"y":"2","z":"1"}],"nan":"nan"}
                """))
        _ = try object(text)
    }

    @Test func reservedKeysAreKeptApart() throws {
        let text = try written(.json) { $0.info("m", metadata: ["message": "x", "time": "y", "level": "z"]) }
        let object = try object(text)
        #expect(object["message"] as? String == "m")
        #expect(object["message_"] as? String == "x")
        #expect(object["level_"] as? String == "z")
        #expect(object["time_"] as? String == "y")
    }

    @Test func laterMetadataWin() throws {
        struct Failure: Error, CustomStringConvertible { let description = "gone \"wrong\"" }
        let text = try written(.json) { logger in
            logger[metadataKey: "a"] = "own"
            logger[metadataKey: "b"] = "own"
            logger.error("failed", error: Failure(), metadata: ["a": "event"])
        }
        let object = try object(text)
        #expect(object["a"] as? String == "event")
        #expect(object["b"] as? String == "own")
        #expect(object["error"] as? String == "gone \"wrong\"")
    }

    @Test func lengthAndDepthAreBounded() throws {
        var deep: Logger.Metadata.Value = "end"
        for _ in 0..<100 { deep = .array([deep]) }
        let text = try written(.json) { logger in
            logger.info("\(String(repeating: "ü", count: 100_000))", metadata: ["deep": deep])
        }
        let object = try object(text)
        let message = try #require(object["message"] as? String)
        #expect(message.hasSuffix("ü…"))
        #expect(message.utf8.count <= LogLine.maximumTextBytes + 3)
        #expect(text.utf8.count < LogLine.maximumTextBytes + 1000)
    }

    @Test func levelIsKept() throws {
        let text = try written(.json) { logger in
            logger.logLevel = .warning
            logger.info("not this")
            logger.warning("this")
        }
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test func linesOfManyThreadsStayWhole() throws {
        let pipe = Pipe()
        let output = LineOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let long = String(repeating: "x", count: 6000)
        let writers = (0..<4).map { number in
            Thread {
                let logger = Logger(label: "test") { _ in JSONLogHandler(level: .info, output: output) }
                for _ in 0..<50 { logger.info("\(number % 2 == 0 ? "short" : long)") }
                if number == 0 { logger.info("last of 0") }
            }
        }
        for writer in writers { writer.start() }
        var lines = 0
        var rest = Data()
        while lines < 201 {
            rest.append(pipe.fileHandleForReading.availableData)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let message = try object(String(decoding: rest[..<end], as: UTF8.self))["message"] as? String
                #expect(message == "short" || message == long || message == "last of 0")
                rest = Data(rest[(end + 1)...])
                lines += 1
            }
        }
        #expect(rest.isEmpty)
    }
}

@Suite("Text log lines")
struct TextLogTests {
    @Test func aligned() throws {
        let text = try written(.text) { logger in
            logger.info("accepted", metadata: ["type": "user.created", "id": "msg_1"])
            logger.critical("a message longer than the column is wide", metadata: ["n": .stringConvertible(3)])
            logger.debug("bare")
        }
        let lines = text.split(separator: "\n").map { $0.dropFirst("2026-01-01 00:00:00.000 ".count) }
        #expect(
            lines == [
                "INFO     accepted                 id=msg_1 type=user.created",
                "CRITICAL a message longer than the column is wide n=3",
                "DEBUG    bare",
            ])
    }

    @Test func hostileText() throws {
        let text = try written(.text) { logger in
            logger.info(
                "a\nb \u{1B}[2J", metadata: ["x": "two words", "y": "\u{9B}1m", "z": "", "q": "\"", "l": ["a b"]])
        }
        let metadata = #"l=["a b"] q="\"" x="two words" y=\u009b1m z="""#
        #expect(text.hasSuffix(#"INFO     a\nb \u001b[2J                 "# + metadata + "\n"))
        #expect(text.utf8.filter { $0 < 0x20 }.count == 1)
    }

    @Test func coloured() throws {
        let text = try written(.text, isColoured: true) { $0.error("failed", metadata: ["k": "v"]) }
        #expect(text.contains("\u{1B}[31mERROR\u{1B}[0m"))
        #expect(text.contains("\u{1B}[2mk=\u{1B}[0mv"))
    }
}

@Suite("Log time")
struct LogTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.007Z"), (951_782_399, "2000-02-28T23:59:59.007Z"),
        (951_782_400, "2000-02-29T00:00:00.007Z"), (951_868_800, "2000-03-01T00:00:00.007Z"),
        (1_654_012_591, "2022-05-31T15:56:31.007Z"), (1_709_164_800, "2024-02-29T00:00:00.007Z"),
        (1_767_225_599, "2025-12-31T23:59:59.007Z"), (4_107_542_400, "2100-03-01T00:00:00.007Z"),
    ])
    func calendar(_ seconds: Int, _ expected: String) {
        var line = LogLine()
        line.append(LogTime(seconds: seconds, millisecond: 7))
        #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
    }
}
