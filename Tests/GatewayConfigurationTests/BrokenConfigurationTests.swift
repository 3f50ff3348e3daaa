import Foundation
import GatewayConfiguration
import Testing

/// Each file of `Resources/broken` names in its first lines the problems that it has, all of them and in order:
/// `# expect LINE:COLUMN: part of the message`.
@Suite struct BrokenConfigurationTests {
    static let files: [String] = {
        let folder = Bundle.module.bundleURL.appending(path: "Resources/broken")
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    @Test func filesAreThere() {
        #expect(Self.files.count >= 25)
    }

    @Test(arguments: files) func everyProblemIsReportedWhereItIs(file: String) throws {
        let yaml = try Surroundings.resource("broken/\(file)")
        let marker = "# expect "
        let expected = yaml.split(separator: "\n").prefix { $0.hasPrefix(marker) }.map { $0.dropFirst(marker.count) }
        try #require(!expected.isEmpty)

        let result = GatewayConfiguration.load(
            yaml: yaml, file: file, environment: Surroundings.environment, readFile: Surroundings.read)

        guard case .failure(let found) = result else {
            Issue.record("\(file) was accepted")
            return
        }
        #expect(found.problems.count == expected.count, "\(found)")
        for (problem, line) in zip(found.problems, expected) {
            let place = "\(problem.line):\(problem.column): "
            let message = line.drop { $0 != " " }.dropFirst()
            #expect(line.hasPrefix(place), "\(problem)")
            #expect(problem.message.contains(message), "\(problem)")
            #expect(problem.description == "\(file):\(place)\(problem.message)")
            #expect(!problem.message.contains("\n"))
        }
        for text in [found.description, "\(found.warnings)", "\(result)"] {
            #expect(!text.contains(Surroundings.sentinel))
            #expect(!text.contains(Surroundings.secret))
        }
    }
}
