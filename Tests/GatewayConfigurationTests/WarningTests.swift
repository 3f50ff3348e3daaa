import GatewayConfiguration
import Testing

/// What is accepted, but said aloud.
@Suite struct WarningTests {
    static let cases: [(yaml: String, place: String, message: String)] = [
        (Surroundings.minimal(destination: "rate_limit: 0/s"), "5:17", "a rate of 0 sends nothing"),
        (Surroundings.minimal(destination: "headers: { x-a: \"${EMPTY}\" }"), "5:21", "`x-a` is empty and is not sent"),
        (
            Surroundings.minimal(destination: "signing_secret: c2hvcnQ="), "5:21",
            "`signing_secret` is shorter than 24 bytes"
        ),
        (Surroundings.minimal(destination: "timeout: 5s\n  crm: { url: http://crm/ }"), "6:3", "no route uses"),
        (Surroundings.minimal(top: "admin: { token: short }"), "7:17", "`token` is shorter than 16 characters"),
        (
            """
            sources: { clerk: { secrets: [ "whsec_c2hvcnQ=" ] } }
            destinations: { email: { url: http://email/ } }
            routes: [{ events: ["**"], to: [email] }]
            """, "1:32", "a secret is shorter than 24 bytes"
        ),
        (
            """
            sources: { clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] }, b: { secrets: ["${CLERK_WEBHOOK_SECRET}"] } }
            destinations: { email: { url: http://email/ } }
            routes: [{ source: clerk, events: [user.create, acme.thing], to: [email] }]
            """, "1:61", "no route takes events of the source `b`"
        ),
    ]

    @Test(arguments: cases.indices) func isGivenWithAPlace(index: Int) throws {
        let expected = Self.cases[index]
        let warnings = try Surroundings.load(expected.yaml).get().warnings
        let first = try #require(warnings.first)
        #expect("\(first.line):\(first.column)" == expected.place)
        #expect(first.message.contains(expected.message))
    }

    @Test func aNearMissOfAKnownTypeIsPointedOut() throws {
        let warnings = try Surroundings.load(try #require(Self.cases.last).yaml).get().warnings
        #expect(
            warnings.dropFirst().map(\.message) == [
                "`user.create` is not an event type that Clerk is known to send; did you mean `user.created`?"
            ])
    }

    @Test func anEmptySigningSecretIsAbsent() throws {
        let loaded = try Surroundings.load(Surroundings.minimal(destination: "signing_secret: ${EMPTY}")).get()
        #expect(loaded.configuration.destinations[0].signingSecret == nil)
        #expect(loaded.warnings.isEmpty)
    }
}
