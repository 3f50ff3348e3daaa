import Webhooks

extension Reading {
    private static let routeExample = "{ events: [user.created, \"organization*.*\"], to: [email] }"

    /// The names that a route can refer to.
    struct Names {
        var sources: [String]
        var destinations: [String]
    }

    func routes(_ top: Fields, names: Names) -> [Route] {
        guard let entry = top.entry("routes") else {
            top.problem(
                top.place(of: "routes"),
                "no routes, so that every event would be ignored; expected for example `routes: [\(Self.routeExample)]`"
            )
            return []
        }
        guard let items = list(entry.value, name: "`routes`", example: "routes: [\(Self.routeExample)]") else {
            return []
        }
        if items.isEmpty {
            report.problem(
                entry.value.place,
                "`routes` is empty, so that every event would be ignored; expected for example "
                    + "`routes: [\(Self.routeExample)]`")
        }
        return items.compactMap { route($0, names: names) }
    }

    private func route(_ node: YAMLNode, names: Names) -> Route? {
        guard
            let fields = Fields(
                node, name: "a route", keys: ["source", "events", "to"], example: Self.routeExample, reading: self)
        else { return nil }
        let source = fields.text("source", example: "clerk")
        if let source { checkKnown(source, name: "source", among: names.sources) }
        let events = routeItems(fields, "events", example: "events: [user.created, \"**\"]")
        let patterns = events.compactMap { pattern($0) }
        let targets = routeItems(fields, "to", example: "to: [email]")
        var seen: Set<String> = []
        for target in targets {
            checkKnown(target, name: "destination", among: names.destinations)
            if !seen.insert(target.text).inserted {
                report.warning(target.place, "\(target.shown) is listed twice; an event goes to it once")
            }
        }
        return Route(source: source?.text, events: patterns, destinations: targets.map(\.text))
    }

    private func routeItems(_ fields: Fields, _ key: String, example: String) -> [FieldText] {
        guard let entry = fields.entry(key) else {
            fields.problem(fields.place(of: key), "a route has no `\(key)`; expected `\(example)`")
            return []
        }
        guard let items = list(entry.value, name: "`\(key)`", example: example) else { return [] }
        if items.isEmpty { report.problem(entry.value.place, "`\(key)` is empty; expected `\(example)`") }
        return items.compactMap { text($0, name: "an entry of `\(key)`", example: example) }
    }

    private func checkKnown(_ field: FieldText, name: String, among known: [String]) {
        guard !known.contains(field.text) else { return }
        if field.wasReplaced {
            report.problem(field.place, "\(field.shown) stands for no known \(name); known are \(Quoted.list(known))")
        } else {
            report.problem(
                field.place, "unknown \(name) \(field.shown); \(Quoted.suggestion(for: field.text, among: known))")
        }
    }

    private func pattern(_ field: FieldText) -> EventPattern? {
        let pattern: EventPattern
        do {
            pattern = try EventPattern(field.text)
        } catch {
            report.problem(field.place, "\(field.shown) cannot be used: \(error)")
            return nil
        }
        // Only a near miss is worth a warning: senders other than Clerk have types of their own.
        if !field.wasReplaced, !field.text.contains("*"), !ClerkEventTypes.all.contains(field.text),
            let near = EditDistance.nearest(to: field.text, among: ClerkEventTypes.all)
        {
            report.warning(
                field.place,
                "\(field.shown) is not an event type that Clerk is known to send; "
                    + "did you mean \(Quoted.text(near))?")
        }
        return pattern
    }
}
