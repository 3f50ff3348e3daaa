import Testing

/// Waits until `condition` gives a value; fails the test at the deadline.
@discardableResult
func eventually<Value>(
    within limit: Duration = .seconds(15), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard .now < deadline else { throw NotInTime(what: what, limit: limit, sourceLocation: sourceLocation) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until `condition` holds; fails the test at the deadline.
func eventually(
    within limit: Duration = .seconds(15), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let _: Void = try await eventually(within: limit, what, sourceLocation: sourceLocation) {
        try await condition() ? () : nil
    }
}

/// A condition that did not come about before its deadline.
struct NotInTime: Error, CustomStringConvertible {
    let what: Comment
    let limit: Duration
    let sourceLocation: SourceLocation

    var description: String { "not within \(limit): \(what) (\(sourceLocation))" }
}
