extension Shape {
    /// `*.deleted` of a bare object; `deleted` is true, or the data would not have this shape.
    static let deleted = Shape(
        .string("id"),
        .string("external_id"),
        .string("slug"),
        .boolean("deleted"))
}

extension JSONObject {
    /// Whether the shape of deletions holds all that the object says, so that nothing is lost for a type whose other
    /// members nobody has described: no further keys but `object`, which the type repeats, and no number as an id.
    var isBareDeletion: Bool {
        let texts = ["id", "external_id", "slug"]
        return keys.allSatisfy { texts.contains($0) || $0 == "deleted" || $0 == "object" }
            && texts.allSatisfy { key in self[key].map { $0.kind == .string || $0.kind == .null } ?? true }
    }
}
