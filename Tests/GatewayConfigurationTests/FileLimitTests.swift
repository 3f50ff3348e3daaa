import GatewayConfiguration
import Testing

@Suite struct FileLimitTests {
    private func complaint(_ bytes: [UInt8]) -> String? {
        let result = GatewayConfiguration.load(
            bytes: bytes, file: "f.yaml", environment: Surroundings.environment, readFile: Surroundings.read)
        guard case .failure(let found) = result else { return nil }
        return found.description
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        #expect(
            complaint(Array("listen: ".utf8) + [0xFF, 0xFE])
                == "f.yaml:1:1: the file is not UTF-8; save it in that encoding")
    }

    @Test func aLargeFileIsRefused() throws {
        let bytes = Array(Surroundings.minimal().utf8)
        let fits =
            bytes + Array(repeating: UInt8(ascii: "#"), count: GatewayConfiguration.maximumFileBytes - bytes.count)
        #expect(complaint(fits) == nil)
        let message = try #require(complaint(fits + [UInt8(ascii: "#")]))
        #expect(message.hasPrefix("f.yaml:1:1: the file is larger than 1MiB"))
    }

    @Test func aByteOrderMarkMovesNothing() throws {
        #expect(complaint([0xEF, 0xBB, 0xBF] + Array(Surroundings.minimal().utf8)) == nil)
        let message = try #require(complaint([0xEF, 0xBB, 0xBF] + Array("lisen: x".utf8)))
        #expect(message.contains("f.yaml:1:1: unknown key `lisen`"))
    }

    @Test func windowsLineEndsCountAsOneLine() throws {
        let message = try #require(complaint(Array("listen: 0.0.0.0:1\r\nlimits:\r\n  body: x\r\n".utf8)))
        #expect(message.contains("f.yaml:3:9: `body` is `x`"))
    }

    @Test func theListOfProblemsIsBounded() throws {
        let keys = (1...250).map { "zzzzzz\($0): x\n" }.joined()
        let message = try #require(complaint(Array((Surroundings.minimal() + "\n" + keys).utf8)))
        let lines = message.split(separator: "\n")
        #expect(lines.count == 101)
        #expect(lines.last?.hasSuffix("150 more problems are not listed") == true)
    }

    @Test(arguments: [200, 100_000]) func nestingEndsInAProblem(depth: Int) throws {
        let text = String(repeating: "[", count: depth)
        _ = try #require(complaint(Array(text.utf8)))
        _ = try #require(complaint(Array((text + String(repeating: "]", count: depth)).utf8)))
    }

    /// Thirty levels of aliases within aliases, which would take for ever if their keys were compared in full.
    @Test(arguments: ["? *a30\n: x", "*a30 : x", "[*a30]: x", "{ *a30 : x }", "[{ [ *a30 ] : x }]", "{ x: *a30 } : y"])
    func aliasesWithinKeysEndInAProblem(end: String) throws {
        let levels = (1...30).map { "- &a\($0) [\($0 == 1 ? "x, x" : "*a\($0 - 1), *a\($0 - 1)")]\n" }.joined()
        let text = "- \(levels.dropFirst(2))- \(end.split(separator: "\n").joined(separator: "\n  "))\n"
        let message = try #require(complaint(Array(text.utf8)))
        #expect(message.hasSuffix("an alias inside of a mapping key is not supported; write the key out"))
    }

    /// Swift takes more for the end of a line than YAML does.
    @Test(arguments: [("\u{0B}", 2), ("\u{0C}", 2), ("\n", 3), ("\r\n", 3), ("\r", 3), ("\u{85}", 3), ("\u{2028}", 3)])
    func theLineOfAnAliasWithinAKeyIsThatOfYAML(separator: String, line: Int) throws {
        let message = try #require(complaint(Array("a: &a [x, x]\(separator)#\n? *a\n: x\n".utf8)))
        #expect(message.contains(":\(line):1: an alias inside of a mapping key"))
    }

    @Test func aFileWithManyDuplicateKeysEndsInAProblem() throws {
        let keys = String(repeating: "zz: 1\n", count: 60)
        let message = try #require(complaint(Array((Surroundings.minimal() + "\n" + keys).utf8)))
        #expect(message.contains("duplicate key"))
    }
}
