/// The text of a scalar, as it was written and as it reads after replacement.
struct FieldText {
    var text: String
    var written: String
    var references: [String]
    var place: Place

    /// The text for a message: what was written, never what it stands for.
    var shown: String { Quoted.text(written) }

    /// Whether any of the text came from a variable or a file.
    var wasReplaced: Bool { !references.isEmpty }

    /// Where the text of a secret came from, for a message that must not repeat any of it.
    var origin: String { wasReplaced ? " (from \(Quoted.list(references)))" : "" }
}

/// A mapping with known keys, read key by key.
///
/// What is wrong is reported and nil returned, so that reading goes on and finds the rest.
struct Fields {
    /// What the mapping is, for messages: "`limits`", "the source `clerk`".
    let name: String
    /// The beginning of the mapping, where missing keys are reported.
    let place: Place
    let reading: Reading
    private let entries: [YAMLNode.Entry]

    /// Takes a mapping apart and reports unknown keys; nil if it is no mapping.
    init?(_ node: YAMLNode, name: String, keys: [String], example: String, reading: Reading) {
        guard case .mapping(let entries) = node.content else {
            reading.report.problem(node.place, "\(name) is \(node.kind); expected a mapping such as `\(example)`")
            return nil
        }
        self.name = name
        self.place = node.place
        self.reading = reading
        self.entries = entries
        for entry in entries where !keys.contains(entry.key) {
            let hint = Quoted.suggestion(for: entry.key, among: keys)
            reading.report.problem(entry.keyPlace, "unknown key \(Quoted.text(entry.key)) in \(name); \(hint)")
        }
    }

    /// The entry of a key, unless nothing stands there.
    func entry(_ key: String) -> YAMLNode.Entry? {
        entries.first { $0.key == key && !$0.value.isNull }
    }

    /// Whether a key is written, even if nothing stands there.
    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// The place of the key even if nothing stands there, else of the mapping.
    func place(of key: String) -> Place {
        entries.first { $0.key == key }?.keyPlace ?? place
    }

    func problem(_ place: Place, _ message: String) { reading.report.problem(place, message) }

    func warning(_ place: Place, _ message: String) { reading.report.warning(place, message) }

    /// The text of a key; nil if nothing stands there or it is unusable.
    func text(_ key: String, example: String) -> FieldText? {
        guard let entry = entry(key) else { return nil }
        return reading.text(entry.value, name: "`\(key)`", example: "\(key): \(example)")
    }

    /// The value of a key by a parser; nil if nothing stands there or it is unusable.
    func value<Value>(
        _ key: String, expected: String, example: String, parse: (String) -> Value?
    ) -> Value? {
        guard let field = text(key, example: example) else { return nil }
        if let value = parse(field.text) { return value }
        reading.refuse(field, name: "`\(key)`", expected: expected)
        return nil
    }

    /// A value of a key within a range.
    func value<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, expected: String, example: String,
        format: (Value) -> String, parse: (String) -> Value?
    ) -> Value? {
        guard let field = text(key, example: example) else { return nil }
        guard let value = parse(field.text) else {
            reading.refuse(field, name: "`\(key)`", expected: expected)
            return nil
        }
        guard range.contains(value) else {
            let bounds = "\(format(range.lowerBound)) to \(format(range.upperBound))"
            reading.refuse(field, name: "`\(key)`", expected: "\(bounds), such as `\(example)`")
            return nil
        }
        return value
    }

    func duration(_ key: String, in range: ClosedRange<Duration>, example: String) -> Duration? {
        value(
            key, in: range, expected: Expected.duration, example: example, format: DurationText.format,
            parse: DurationText.parse)
    }

    func integer(_ key: String, in range: ClosedRange<Int>, example: Int) -> Int? {
        value(
            key, in: range, expected: "a whole number such as `\(example)`", example: "\(example)",
            format: { "\($0)" }, parse: { WholeNumber.parse($0) })
    }

    func decimal(_ key: String, in range: ClosedRange<Double>, example: String) -> Double? {
        value(
            key, in: range, expected: "a number such as `\(example)`", example: example,
            format: { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }, parse: DecimalNumber.parse)
    }

    func boolean(_ key: String) -> Bool? {
        value(key, expected: "`true` or `false`", example: "true") { ["true": true, "false": false][$0] }
    }

    /// One of the cases of an enumeration by its raw value.
    func choice<Value: CaseIterable & RawRepresentable>(_ key: String, _ type: Value.Type) -> Value?
    where Value.RawValue == String {
        choice(key, names: Value.allCases.map(\.rawValue)) { Value(rawValue: $0) }
    }

    /// One of several names.
    func choice<Value>(_ key: String, names: [String], parse: (String) -> Value?) -> Value? {
        guard let field = text(key, example: names.first ?? "") else { return nil }
        if let value = parse(field.text) { return value }
        // No hint for a replaced value: it would give away what the value nearly is.
        let near = field.wasReplaced ? nil : EditDistance.nearest(to: field.text, among: names)
        let hint = near.map { "; did you mean \(Quoted.text($0))?" } ?? ""
        reading.refuse(field, name: "`\(key)`", expected: "one of \(Quoted.list(names))\(hint)")
        return nil
    }
}

/// Phrases that several messages share.
enum Expected {
    static let duration = "a span of time such as `500ms`, `15s`, `5m`, `24h` or `7d`"
    static let size = "a size such as `65536`, `64KiB` or `1MiB`"
    static let rate = "a rate such as `100/s` or `6000/m`, at most \(RateLimit.maximumCount)"
    static let name = "1 to 63 of `a-z 0-9 _ -`, the first a letter or digit, such as `email-service`"
}
