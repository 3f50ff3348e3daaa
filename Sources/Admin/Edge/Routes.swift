import Foundation
import Hummingbird

extension AdminAPI {
    /// Adds the paths of the API.
    func addRoutes(to router: Router<BasicRequestContext>) {
        let group = router.group(RouterPath(API.path)).add(middleware: AccessMiddleware(access: Access(token: token)))
        addEventRoutes(to: group)
        addDeliveryRoutes(to: group)
        addDestinationRoutes(to: group)
    }

    private func addEventRoutes(to group: RouterGroup<BasicRequestContext>) {
        group.get("events") { request, _ in
            let query = try Query(request.uri.query, names: EventQuery.names)
            return Response.json(try await events(EventQuery(query)))
        }
        group.get("events/:id") { request, context in
            let query = try Query(request.uri.query, names: ["source", "reveal"])
            return Response.json(
                try await event(Self.id(context), source: query["source"], isRevealed: query.flag("reveal")))
        }
        group.post("events/:id/replay") { request, context in
            let body = try await RequestBody.read(API.ReplayRequest.self, keys: ["source", "to"], of: request)
            return Response.json(try await replay(Self.id(context), source: body.source, to: body.to))
        }
        group.post("events/:id/forget") { request, context in
            let body = try await RequestBody.read(API.ForgetRequest.self, keys: ["source"], of: request)
            return Response.json(try await forget(Self.id(context), source: body.source))
        }
    }

    private func addDeliveryRoutes(to group: RouterGroup<BasicRequestContext>) {
        group.get("deliveries") { request, _ in
            let query = try Query(request.uri.query, names: ["destination", "standing", "limit", "cursor"])
            return Response.json(try await deliveries(query))
        }
        group.get("dead-letters") { request, _ in
            let query = try Query(
                request.uri.query, names: API.DeadLetterRequest.queryNames.union(["limit", "reveal"]))
            return Response.json(
                try await deadLetters(
                    DeadLetterFilter(API.DeadLetterRequest(query), now: ledger.time()), limit: query.limit(),
                    isRevealed: query.flag("reveal")))
        }
        group.post("dead-letters/replay") { request, _ in
            let body = try await RequestBody.read(
                API.DeadLetterRequest.self, keys: API.DeadLetterRequest.keys, of: request)
            return Response.json(try await take(body, .replay))
        }
        group.post("dead-letters/drop") { request, _ in
            let body = try await RequestBody.read(
                API.DeadLetterRequest.self, keys: API.DeadLetterRequest.keys.subtracting(["to"]), of: request)
            return Response.json(try await take(body, .drop))
        }
    }

    private func addDestinationRoutes(to group: RouterGroup<BasicRequestContext>) {
        group.get("destinations") { request, _ in
            _ = try Query(request.uri.query, names: [])
            return Response.json(try await destinations())
        }
        group.post("destinations/:name/pause") { request, context in
            _ = try await RequestBody.read(API.EmptyRequest.self, keys: [], of: request)
            return Response.json(try await pause(Self.name(context)))
        }
        group.post("destinations/:name/resume") { request, context in
            _ = try await RequestBody.read(API.EmptyRequest.self, keys: [], of: request)
            return Response.json(try await resume(Self.name(context)))
        }
        group.post("destinations/:name/drop") { request, context in
            let body = try await RequestBody.read(API.DrainRequest.self, keys: ["dry_run"], of: request)
            return Response.json(try await drain(Self.name(context), to: nil, isDryRun: body.dryRun ?? false))
        }
        group.post("destinations/:name/move") { request, context in
            let body = try await RequestBody.read(API.DrainRequest.self, keys: ["to", "dry_run"], of: request)
            guard let to = body.to else { throw Refusal.badRequest("`to` must name the destination to move to") }
            return Response.json(try await drain(Self.name(context), to: to, isDryRun: body.dryRun ?? false))
        }
    }

    private static func id(_ context: BasicRequestContext) throws(Refusal) -> String {
        try segment("id", of: context)
    }

    private static func name(_ context: BasicRequestContext) throws(Refusal) -> String {
        try segment("name", of: context)
    }

    /// A segment of the path, decoded: the router takes paths apart as they came, so that `%2F` ends no segment.
    private static func segment(_ name: String, of context: BasicRequestContext) throws(Refusal) -> String {
        guard let segment = context.parameters.get(name)?.percentDecoded else {
            throw .badRequest("the path is not percent-encoded UTF-8")
        }
        return segment
    }
}
