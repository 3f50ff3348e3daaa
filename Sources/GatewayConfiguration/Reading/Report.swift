/// Collects what is wrong with one file while it is read.
final class Report {
    /// The most problems that are listed; a file with more has one cause for most of them.
    static let maximumProblems = 100

    private let file: String
    private var problems: [(place: Place, message: String)] = []
    private var warnings: [(place: Place, message: String)] = []

    init(file: String) {
        self.file = file
    }

    /// Notes something that makes the configuration unusable.
    func problem(_ place: Place, _ message: String) {
        problems.append((place, message))
    }

    /// Notes something that was probably not meant.
    func warning(_ place: Place, _ message: String) {
        warnings.append((place, message))
    }

    /// The problems in the order of the file, each once.
    var sortedProblems: [GatewayConfiguration.Problem] { sorted(problems) }

    /// The warnings in the order of the file, each once.
    var sortedWarnings: [GatewayConfiguration.Problem] { sorted(warnings) }

    private func sorted(_ entries: [(place: Place, message: String)]) -> [GatewayConfiguration.Problem] {
        var seen: Set<GatewayConfiguration.Problem> = []
        // The number breaks ties, for the sort of the standard library does not promise to be stable.
        let ordered = entries.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
        let unique = ordered.map(\.element).compactMap { entry -> GatewayConfiguration.Problem? in
            // A node that aliases repeat is read several times, and complains in the same words each time.
            let problem = GatewayConfiguration.Problem(
                file: file, line: entry.place.line, column: entry.place.column, message: entry.message)
            return seen.insert(problem).inserted ? problem : nil
        }
        guard unique.count > Self.maximumProblems, let last = unique.last else { return unique }
        let more = GatewayConfiguration.Problem(
            file: file, line: last.line, column: last.column,
            message: "\(unique.count - Self.maximumProblems) more problems are not listed")
        return unique.prefix(Self.maximumProblems) + [more]
    }
}
