import GatewayConfiguration
import Testing
import Webhooks

/// Replacement inside of values, seen through a header, which may hold any line of ASCII.
@Suite struct ExpansionTests {
    static let environment = [
        "A": "one", "EMPTY": "", "TRICKY": "x: ${A} # \"no\" 'comment' } ] &a *b", "DOLLAR": "$${A}",
        "CLERK_WEBHOOK_SECRET": Surroundings.secret,
    ]

    @Test(arguments: [
        ("${A}", "one"),
        ("a${A}b${A}c", "aonebonec"),
        ("${A:-two}", "one"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("x${EMPTY}", "x"),
        ("${B:-http://x:80/?a=b}", "http://x:80/?a=b"),
        ("${B:-:-}", ":-"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $ $$ {A}", "$A $ $$ {A}"),
        ("100$", "100$"),
        ("${TRICKY}", "x: ${A} # \"no\" 'comment' } ] &a *b"),
        ("${DOLLAR}", "$${A}"),
        ("${file:/run/secrets/clerk}", Surroundings.secret),
    ])
    func isReplaced(written: String, expected: String) throws {
        let yaml = Surroundings.minimal(destination: "headers: { x-a: '\(written)' }")
        let configuration = try Surroundings.load(yaml, environment: Self.environment).get().configuration
        #expect(configuration.destinations[0].headers.map(\.value.revealed) == [expected])
        #expect(configuration.destinations.count == 1)
    }

    @Test(arguments: ["one\ntimeout: 1s", "a\r\nx-evil: b", "a\0b"])
    func aValueWithALineBreakChangesNoStructure(value: String) throws {
        let yaml = Surroundings.minimal(destination: "headers:\n      x-a: ${V}")
        let environment = ["V": value, "CLERK_WEBHOOK_SECRET": Surroundings.secret]
        guard case .failure(let found) = Surroundings.load(yaml, environment: environment) else {
            Issue.record("a header with a line break was accepted")
            return
        }
        #expect(found.problems.map(\.line) == [6])
        #expect(found.problems.map(\.column) == [12])
        #expect(!found.description.contains("evil"))
    }

    @Test(arguments: [("key\n", "key"), ("key\r\n", "key"), ("key", "key"), ("key\n\n", "key\n")])
    func oneLineEndOfAFileIsDropped(contents: String, expected: String) throws {
        let yaml = Surroundings.minimal(top: "data_dir: ${file:/f}")
        let result = GatewayConfiguration.load(
            yaml: yaml, file: "f", environment: Surroundings.environment, readFile: { _ in contents })
        #expect(try result.get().configuration.dataDirectory == expected)
    }

    @Test func aLargeFileIsRefused() {
        let yaml = Surroundings.minimal(top: "data_dir: ${file:/f}")
        let result = GatewayConfiguration.load(
            yaml: yaml, file: "f", environment: Surroundings.environment,
            readFile: { _ in String(repeating: "x", count: 64 * 1024 + 1) })
        guard case .failure(let found) = result else {
            Issue.record("a large file was accepted")
            return
        }
        #expect(found.problems.map(\.message) == ["`data_dir`: the file `/f` is larger than 64KiB"])
    }

    @Test func numbersCanComeFromVariables() throws {
        let yaml = Surroundings.minimal(destination: "concurrency: ${N}", top: "max_pending: ${M:-77}")
        let environment = ["N": "8", "CLERK_WEBHOOK_SECRET": Surroundings.secret]
        let configuration = try Surroundings.load(yaml, environment: environment).get().configuration
        #expect(configuration.destinations[0].concurrency == 8)
        #expect(configuration.maxPending == 77)
    }
}
