extension Shape {
    /// `organization.*`, but for bare deletions.
    static let organization = Shape(
        .string("id"),
        .string("name"),
        .string("slug"),
        .string("image_url"),
        .string("created_by"),
        .number("members_count"),
        .number("max_allowed_memberships"),
        .anything("public_metadata"),
        .time("created_at"),
        .time("updated_at"))

    /// `organizationMembership.*`.
    static let membership = Shape(
        .string("id"),
        .string("role"),
        .object("organization", Shape(.string("id"), .string("name"), .string("slug"), .string("image_url"))),
        .object("user", from: "public_user_data", .member),
        .anything("public_metadata"),
        .time("created_at"),
        .time("updated_at"))

    private static let member = Shape(
        .string("id", from: "user_id"),
        .string("identifier"),
        .string("first_name"),
        .string("last_name"),
        .string("image_url"))

    /// `organizationInvitation.*`.
    static let invitation = Shape(
        .string("id"),
        .string("email", from: "email_address"),
        .string("role"),
        .string("status"),
        .string("organization_id"),
        .anything("public_metadata"),
        .time("created_at"),
        .time("updated_at"))
}
