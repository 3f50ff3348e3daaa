import Testing

@testable import Webhooks

@Suite struct RoutingTests {
    @Test(arguments: [
        ("user.created", "user.created", true), ("user.created", "user.updated", false),
        ("user.*", "user.created", true), ("user.*", "user", false), ("user.*", "user.a.b", false),
        ("organization*.*", "organization.created", true), ("organization*.*", "organizationMembership.created", true),
        ("organization*.*", "user.created", false), ("*.created", "user.created", true), ("*", "ping", true),
        ("*", "user.created", false), ("**", "user.created", true), ("**", "ping", true), ("**", "", false),
        ("user.**", "user.created", true), ("user.**", "user.a.b", true), ("user.**", "user", false),
        ("user.**", "users.created", false), ("*a*b*.x", "aab.x", true), ("*a*b*.x", "ba.x", false),
        ("a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ("user.created", "user.created.x", false), ("user.created", "user.", false),
        ("User.created", "user.created", false),
    ])
    func patternMatches(pattern: String, type: String, isMatch: Bool) throws {
        #expect(try EventPattern(pattern).matches(type) == isMatch)
    }

    @Test(arguments: [
        ("", EventPatternError.Code.empty), ("user..created", .emptySegment), (".user", .emptySegment),
        ("user.", .emptySegment), ("**.created", .misplacedRest), ("user.a**", .misplacedRest),
        ("user created", .unprintable), ("user.\u{7}", .unprintable),
        (String(repeating: "x", count: 257), .tooLong),
    ])
    func refusesMalformedPatterns(pattern: String, code: EventPatternError.Code) {
        #expect(throws: EventPatternError(code)) { try EventPattern(pattern) }
    }

    @Test func eventsGoToTheUnionOfAllRoutes() throws {
        let table = RoutingTable([
            Route(source: nil, events: [try EventPattern("user.*")], destinations: ["email", "crm"]),
            Route(source: "clerk", events: [try EventPattern("**")], destinations: ["analytics", "crm"]),
            Route(source: "other", events: [try EventPattern("**")], destinations: ["audit"]),
        ])
        #expect(table.destinations(source: "clerk", type: "user.created") == ["email", "crm", "analytics"])
        #expect(table.destinations(source: "clerk", type: "session.created") == ["analytics", "crm"])
        #expect(table.destinations(source: "third", type: "session.created") == [])
    }
}
