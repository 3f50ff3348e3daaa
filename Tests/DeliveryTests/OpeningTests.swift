import EventLedger
import GatewayConfiguration
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Delivery

/// Deliveries that the front door leases for a dispatcher.
@Suite struct OpeningTests {
    /// The front door's.
    private static let loop = MultiThreadedEventLoopGroup.singleton.next()

    private func event(_ id: String) -> NewEvent {
        NewEvent(
            reference: EventReference(source: "clerk", id: id), head: .sample,
            body: ByteBuffer(string: #"{"type":"user.created"}"#), targets: [NewEvent.Target(name: "email")])
    }

    /// An event that is claimed the way the front door does it.
    private func claim(
        _ event: NewEvent, _ bench: DeliveryBench, with opening: any Opening
    ) async throws -> (LeasedDelivery, isLeased: Bool) {
        let claim = bench.ledger.claim(
            event, limits: ClaimLimits(window: 86_400, maximumPending: 100), leases: [opening.leaseLength])
        guard case .leased(let receivedAt, [0]) = try await claim.get() else {
            return (LeasedDelivery(first: event, receivedAt: 0), false)
        }
        return (LeasedDelivery(first: event, receivedAt: receivedAt), true)
    }

    /// Waits for an opening; there is none before the first look at what waits.
    private func opening(_ bench: DeliveryBench) async throws -> any Opening {
        var opening: (any Opening)?
        try await eventually("an opening") {
            opening = bench.dispatchers.opening(for: "email", on: Self.loop)
            return opening != nil
        }
        return try #require(opening)
    }

    private func hasOpening(_ bench: DeliveryBench) -> Bool {
        let opening = bench.dispatchers.opening(for: "email", on: Self.loop)
        opening?.giveBack()
        return opening != nil
    }

    @Test func whatIsLeasedForADispatcherIsDelivered() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                for number in 1...50 {
                    let opening = try await opening(bench)
                    let (delivery, isLeased) = try await claim(event("msg_\(number)"), bench, with: opening)
                    #expect(isLeased)
                    opening.fill(with: delivery)
                }
                try await eventually("all are delivered") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.id).sorted() == (1...50).map { "msg_\($0)" }.sorted())
                #expect(service.requests.allSatisfy { $0.attempt == 1 })
                #expect(try await bench.record("msg_1")?.entries.map(\.what) == ["delivered"])
            }
        }
    }

    @Test func aLeaseThatNobodyHeardOfIsHandedBackAndDelivered() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                let opening = try await opening(bench)
                let event = event("msg_1")
                let (delivery, _) = try await claim(event, bench, with: opening)
                opening.giveBack(unknown: delivery, of: event.mark)
                try await eventually("it is delivered") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.attempt) == [1])
            }
        }
    }

    @Test func whatACopyOfTheEventMayHaveLeasedIsNotSentTwice() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                // The reply to the copy's claim was lost with the connection, as that to the other claim was not.
                let (first, second) = (try await opening(bench), try await opening(bench))
                let copy = event("msg_1")
                let (delivery, isLeased) = try await claim(event("msg_1"), bench, with: first)
                #expect(isLeased)
                first.fill(with: delivery)
                try await eventually("it is on its way") { service.underWay == 1 }
                second.giveBack(unknown: LeasedDelivery(first: copy, receivedAt: 0), of: copy.mark)
                // Had it been handed back it would go at once, and before the next one.
                let third = try await opening(bench)
                third.fill(with: try await claim(event("msg_2"), bench, with: third).0)
                try await eventually("another goes") { service.underWay == 2 }
                service.release()
                try await eventually("all are delivered") { try await bench.pending() == 0 }
                #expect(service.requests.map(\.id).sorted() == ["msg_1", "msg_2"])
            }
        }
    }

    @Test func thereAreNoMoreThanPlacesAndSomeAreKeptForWhatIsQueued() async throws {
        try await HTTPService.with(answer: { _ in HTTPService.Answer(isHeld: true) }) { service in
            try await DeliveryBench.with([.sample(at: service, concurrency: 8)]) { bench in
                var openings: [any Opening] = [try await opening(bench)]
                while let next = bench.dispatchers.opening(for: "email", on: Self.loop) { openings.append(next) }
                #expect(openings.count == 7)
                // One is left for the queue.
                try await bench.claim((1...20).map { "msg_\($0)" })
                try await eventually("the rest is in use") { service.underWay == 1 }
                for opening in openings { opening.giveBack() }
                try await eventually("all are in use") { service.underWay == 8 }
                #expect(!hasOpening(bench))
                service.release()
                try await eventually("all are delivered") { try await bench.pending() == 0 }
                #expect(service.mostUnderWay == 8)
            }
        }
    }

    @Test func aPausedDestinationIsLeftAlone() async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                let opening = try await opening(bench)
                try await bench.connection.command("HSET", "og:{0}:paused", "email", "1")
                let (_, isLeased) = try await claim(event("msg_1"), bench, with: opening)
                #expect(!isLeased)
                opening.giveBack()
                #expect(try await bench.pending() == 1 && service.requests.isEmpty)
            }
        }
    }

    /// Runs `body` with an opening that was taken before dispatchers were asked to end, and then waits for that end.
    private func withEnd(
        _ body: (DeliveryBench, any Opening) async throws -> Void,
        afterwards: (DeliveryBench, HTTPService) async throws -> Void = { _, _ in }
    ) async throws {
        try await HTTPService.with { service in
            try await DeliveryBench.with([.sample(at: service)]) { bench in
                let opening = try await opening(bench)
                bench.cancel()
                try await eventually("no further opening") { !hasOpening(bench) }
                try await body(bench, opening)
                try await bench.ended()
                try await afterwards(bench, service)
            }
        }
    }

    @Test func whatComesAfterTheEndIsHandedBack() async throws {
        try await withEnd { bench, opening in
            let (delivery, isLeased) = try await claim(event("msg_1"), bench, with: opening)
            #expect(isLeased)
            opening.fill(with: delivery)
        } afterwards: { bench, service in
            #expect(service.requests.isEmpty)
            var requests = LeaseRequests(dispatcher: "other")
            let lease = try await bench.ledger.lease(
                destination: "email", limit: 1, rule: LeaseRule(length: .seconds(1), window: 86_400),
                requests: &requests)
            #expect(lease.deliveries.map(\.attempt) == [1], "at once, and no attempt is counted")
        }
    }

    @Test func whatNothingCameOfDoesNotHoldUpTheEnd() async throws {
        try await withEnd { _, opening in opening.giveBack() }
    }

    @Test(arguments: ["rate", "order", "guard", "hold"])
    func aDestinationWithConditionsOffersNone(condition: String) async throws {
        try await HTTPService.with { service in
            var destination = Destination.sample(at: service)
            switch condition {
            case "rate": destination.rateLimit = RateLimit(count: 1000, per: .second)
            case "order": destination.ordering = .subject
            case "guard": destination.skipStale = true
            default: destination.onUnknown = .hold
            }
            try await DeliveryBench.with([destination]) { bench in
                // Each time it is delivered the queue has been found empty before, when others would offer.
                for number in 1...10 {
                    try await bench.claim(["msg_\(number)"])
                    try await eventually("it is delivered") {
                        #expect(!hasOpening(bench))
                        return try await bench.pending() == 0
                    }
                }
            }
        }
    }
}
