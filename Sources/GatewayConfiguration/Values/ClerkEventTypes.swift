/// The event types that Clerk is known to send.
///
/// The union of Clerk's OpenAPI file of 2025-04-15 and of the type list in its JavaScript SDK. Clerk adds types without
/// notice: the list serves listings and hints only, and a type that is not in it is routed like any other.
package enum ClerkEventTypes {
    /// The 46 types, sorted.
    package static let all: [String] = families.flatMap { family in family.verbs.map { "\(family.name).\($0)" } }

    private static let families: [(name: String, verbs: [String])] = [
        ("email", ["created"]),
        ("organization", ["created", "deleted", "updated"]),
        ("organizationDomain", ["created", "deleted", "updated"]),
        ("organizationInvitation", ["accepted", "created", "revoked"]),
        ("organizationMembership", ["created", "deleted", "updated"]),
        ("paymentAttempt", ["created", "updated"]),
        ("permission", ["created", "deleted", "updated"]),
        ("role", ["created", "deleted", "updated"]),
        ("session", ["created", "ended", "pending", "removed", "revoked"]),
        ("sms", ["created"]),
        ("subscription", ["active", "created", "pastDue", "updated"]),
        (
            "subscriptionItem",
            [
                "abandoned", "active", "canceled", "created", "ended", "freeTrialEnding", "incomplete", "pastDue",
                "upcoming", "updated",
            ]
        ),
        ("user", ["created", "deleted", "updated"]),
        ("waitlistEntry", ["created", "updated"]),
    ]
}
