extension Reading {
    private static let exponentialKeys = ["attempts", "first", "factor", "max"]
    private static let retryExample = "retry: { attempts: 12, first: 5s, factor: 3, max: 6h, jitter: 0.2 }"
    private static let scheduleExample = "retry: { schedule: [5s, 5m, 30m, 2h, 5h, 10h] }"
    private static let delays = Duration.milliseconds(1)...RetryPolicy.maximumDelay

    func retry(_ fields: Fields) -> RetryPolicy {
        guard let entry = fields.entry("retry"),
            let fields = Fields(
                entry.value, name: "`retry`", keys: Self.exponentialKeys + ["jitter", "schedule"],
                example: Self.retryExample, reading: self)
        else { return .standard }
        let jitter = fields.decimal("jitter", in: 0...1, example: "0.2") ?? RetryPolicy.defaultJitter
        guard let schedule = fields.entry("schedule") else { return exponential(fields, jitter: jitter) }
        for key in Self.exponentialKeys where fields.entry(key) != nil {
            report.problem(
                fields.place(of: key),
                "`\(key)` does not go together with `schedule`; expected either "
                    + "`\(Self.retryExample)` or `\(Self.scheduleExample)`")
        }
        return .schedule(scheduledDelays(schedule.value), jitter: jitter)
    }

    private func exponential(_ fields: Fields, jitter: Double) -> RetryPolicy {
        let attempts = fields.integer("attempts", in: 1...RetryPolicy.maximumAttempts, example: 12)
        let first = fields.duration("first", in: Self.delays, example: "5s") ?? .seconds(5)
        let factor = fields.decimal("factor", in: 1...100, example: "3")
        let longest = fields.duration("max", in: Self.delays, example: "6h") ?? .seconds(6 * 3600)
        if longest < first {
            let place = fields.entry("max")?.value.place ?? fields.entry("first")?.value.place ?? fields.place
            report.problem(
                place,
                "`max` (6h where it is left out) is shorter than `first`; "
                    + "expected at least as long, such as `first: 5s, max: 6h`")
        }
        return .exponential(
            attempts: attempts ?? 12, first: first, factor: factor ?? 3, max: longest, jitter: jitter)
    }

    private func scheduledDelays(_ node: YAMLNode) -> [Duration] {
        guard let items = list(node, name: "`schedule`", example: Self.scheduleExample) else { return [] }
        guard (1..<RetryPolicy.maximumAttempts).contains(items.count) else {
            report.problem(
                node.place,
                "`schedule` has \(items.count) entries; expected 1 to \(RetryPolicy.maximumAttempts - 1), "
                    + "such as `\(Self.scheduleExample)`")
            return []
        }
        return items.compactMap { item in
            guard let field = text(item, name: "an entry of `schedule`", example: Self.scheduleExample) else {
                return nil
            }
            guard let delay = DurationText.parse(field.text) else {
                refuse(field, name: "an entry of `schedule`", expected: Expected.duration)
                return nil
            }
            guard Self.delays.contains(delay) else {
                refuse(field, name: "an entry of `schedule`", expected: "1ms to 7d, such as `5m`")
                return nil
            }
            return delay
        }
    }
}
