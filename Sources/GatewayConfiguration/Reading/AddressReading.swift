extension Reading {
    /// The most ranges of one list: each request of a proxy is compared with all of them.
    static let maximumRanges = 256

    /// A list of addresses and ranges; nil where there is none.
    func addressRanges(_ key: String, of fields: Fields, example: String) -> [AddressRange]? {
        guard let entry = fields.entry(key) else { return nil }
        guard let items = list(entry.value, name: "`\(key)`", example: "\(key): [\"\(example)\"]") else { return [] }
        guard items.count <= Self.maximumRanges else {
            report.problem(
                entry.value.place, "`\(key)` has \(items.count) entries; expected at most \(Self.maximumRanges)")
            return []
        }
        return items.compactMap { item in
            guard let field = text(item, name: "an entry of `\(key)`", example: example) else { return nil }
            if let range = AddressRange(field.text) { return range }
            refuse(
                field, name: "an entry of `\(key)`",
                expected: "an address, or a range by its first address and length such as `10.0.0.0/8` or "
                    + "`2001:db8::/32`")
            return nil
        }
    }
}
