/// A condition that did not come about in time.
package struct NotInTime: Error, CustomStringConvertible {
    let what: String

    /// What was waited for.
    package var description: String { "not in time: \(what)" }
}

/// Waits until a condition holds.
/// - Throws: ``NotInTime`` at the limit, and what the condition throws.
package func eventually(
    within limit: Duration = .seconds(15), _ what: String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else { throw NotInTime(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
