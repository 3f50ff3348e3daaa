import GatewayConfiguration
import Testing

@Suite struct EffectiveRoutesTests {
    private func configuration(routes: String) throws -> GatewayConfiguration {
        try Surroundings.load(
            """
            sources:
              clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] }
              shop: { secrets: ["${CLERK_WEBHOOK_SECRET}"] }
            destinations:
              email: { url: http://email/ }
              crm: { url: http://crm/ }
            routes: \(routes)
            """
        ).get().configuration
    }

    @Test func typesThatFareLikeAllOthersAreNotListed() throws {
        let routes = EffectiveRoutes(
            try configuration(
                routes:
                    "[{ events: [user.created, \"organizationD*.*\"], to: [email] }, { events: [\"**\"], to: [crm] }]"))
        #expect(routes.listings.map(\.source) == ["clerk", "shop"])
        let listing = try #require(routes.listings.first)
        #expect(
            listing.rows.map(\.events) == [
                "organizationDomain.created", "organizationDomain.deleted", "organizationDomain.updated",
                "user.created",
            ])
        #expect(listing.rows.allSatisfy { $0.destinations == ["email", "crm"] })
        #expect(listing.otherTypes == ["crm"])
        #expect(listing.ignoredTypes.isEmpty)
    }

    @Test func whatGoesNowhereIsNamed() throws {
        let routes = EffectiveRoutes(
            try configuration(
                routes: "[{ source: clerk, events: [\"user.*\"], to: [email] }, "
                    + "{ source: shop, events: [order.paid, \"refund.*\"], to: [crm] }]"))
        let clerk = routes.listings[0]
        #expect(clerk.rows.map(\.events) == ["user.created", "user.deleted", "user.updated"])
        #expect(clerk.otherTypes.isEmpty)
        #expect(clerk.ignoredTypes.count == 43)
        #expect(clerk.ignoredTypes.contains("session.created"))
        let shop = routes.listings[1]
        #expect(shop.rows.map(\.events) == ["order.paid", "refund.*"])
        #expect(shop.rows.allSatisfy { $0.destinations == ["crm"] })
        // A source without any of Clerk's types is not one of Clerk's.
        #expect(shop.ignoredTypes.isEmpty)
    }

    @Test func theListOfTypesIsComplete() {
        #expect(ClerkEventTypes.all.count == 46)
        #expect(ClerkEventTypes.all == ClerkEventTypes.all.sorted())
        #expect(Set(ClerkEventTypes.all).count == 46)
    }

    @Test func theStarterIsAcceptedAndSummedUp() throws {
        let loaded = try Surroundings.load(
            GatewayConfiguration.starter, environment: ["CLERK_WEBHOOK_SECRET": Surroundings.secret]
        ).get()
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.configuration.redis == nil)
        let expected = """
            front door  0.0.0.0:8080
            admin       127.0.0.1:9090, no token, this machine only
            redis       of its own, in ./oncegate-data

            SOURCE  PATH             SCHEME  SECRETS  TOLERANCE
            clerk   /webhooks/clerk  svix    1        5m

            DESTINATION  URL                           PAYLOAD      ATTEMPTS
            email        http://localhost:3001/events  cloudevents  12 in 22h 33m
            crm          http://localhost:3002/events  cloudevents  12 in 22h 33m
            analytics    http://localhost:3003/events  raw          12 in 22h 33m

            EVENTS OF clerk                  GO TO
            organization.created             crm, analytics
            organization.deleted             crm, analytics
            organization.updated             crm, analytics
            organizationDomain.created       crm, analytics
            organizationDomain.deleted       crm, analytics
            organizationDomain.updated       crm, analytics
            organizationInvitation.accepted  crm, analytics
            organizationInvitation.created   crm, analytics
            organizationInvitation.revoked   crm, analytics
            organizationMembership.created   crm, analytics
            organizationMembership.deleted   crm, analytics
            organizationMembership.updated   crm, analytics
            user.created                     email, crm, analytics
            user.deleted                     crm, analytics
            user.updated                     crm, analytics
            every other type                 analytics
            """
        #expect(ConfigurationSummary(loaded).description == expected)
    }

    @Test func theStarterNeedsItsSecret() {
        guard case .failure(let found) = Surroundings.load(GatewayConfiguration.starter, environment: [:]) else {
            Issue.record("the starter was accepted without a secret")
            return
        }
        #expect(found.problems.map(\.message).allSatisfy { $0.contains("`CLERK_WEBHOOK_SECRET` is not set") })
        #expect(found.problems.count == 1)
    }
}
