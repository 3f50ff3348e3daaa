import Curl
import EventLedger
import GatewayConfiguration
import Testing
import Webhooks

@testable import Delivery

@Suite struct ReadyRequestsTests {
    private static let delivery = LeasedDelivery.sample(
        event: Event(
            source: "clerk", id: "a", type: "a.b", subject: nil, time: 1, contentType: nil, signedTimestamp: 1,
            traceparent: nil, body: []), attempt: 1)

    private func ended(_ status: Int, after time: Duration) -> EndedAttempt {
        EndedAttempt(
            delivery: Self.delivery,
            result: .success(
                HTTPResponse(
                    status: status, retryAfter: nil, bodyPrefix: [], isBodyComplete: true, version: .http11,
                    duration: time)))
    }

    private func ready(_ count: Int = 0, quick: Bool = true) -> ReadyRequests {
        var ready = ReadyRequests()
        let destination = Destination(name: "email", url: "http://localhost/")
        ready.learn(from: [ended(200, after: quick ? .milliseconds(5) : .seconds(1))], destination)
        for _ in 0..<count { ready.append(HTTPRequest(url: "http://localhost/"), for: Self.delivery) }
        return ready
    }

    @Test(arguments: [
        (0, true, 0, 20), (0, true, 10, 10), (0, false, 0, 10), (0, false, 10, 0), (5, true, 10, 5), (6, true, 10, 0),
        (10, true, 10, 0), (10, true, 5, 0), (3, false, 10, 0),
    ])
    func leasesAheadByHalvesWhileTheDestinationIsQuick(ready count: Int, quick: Bool, inFlight: Int, room: Int) {
        #expect(ready(count, quick: quick).room(concurrency: 10, inFlight: inFlight) == room)
    }

    @Test(arguments: [
        (0, true, 0, 53), (0, true, 40, 18), (0, true, 58, 1), (0, true, 59, 0), (12, true, 40, 7), (20, true, 40, 0),
        (40, true, 40, 0), (0, false, 0, 35), (0, false, 39, 0), (0, false, 42, 0),
    ])
    func keepsAnEighthForWhatIsQueued(ready count: Int, quick: Bool, inFlight: Int, openings: Int) {
        #expect(ready(count, quick: quick).openings(concurrency: 40, inFlight: inFlight) == openings)
    }

    @Test(arguments: [true, false], 1...140)
    func whatIsQueuedIsLookedForHoweverTheFrontDoorLeases(quick: Bool, concurrency: Int) {
        for inFlight in 0...concurrency {
            // Something ready is sent while there is a place.
            for count in 0...(inFlight == concurrency ? concurrency : 0) {
                let openings = ready(count, quick: quick).openings(concurrency: concurrency, inFlight: inFlight)
                guard openings > 0 else { continue }
                let open = ready(count, quick: quick).room(concurrency: concurrency, inFlight: inFlight + openings)
                #expect(open > 0, "while they are open")
                let sent = min(count + openings, concurrency - inFlight)
                let filled = ready(count + openings - sent, quick: quick)
                    .room(concurrency: concurrency, inFlight: inFlight + sent)
                #expect(filled > 0, "when they are filled")
            }
        }
    }

    @Test func leasesNoMoreAheadThanItsLimit() {
        #expect(ready().room(concurrency: 1000, inFlight: 1000) == ReadyRequests.maximumAhead)
    }

    @Test func learnsFromTheLatestAttempts() {
        var ready = ready()
        let plain = Destination(name: "email", url: "http://localhost/")
        ready.learn(from: [ended(200, after: .zero), ended(500, after: .zero)], plain)
        #expect(ready.room(concurrency: 10, inFlight: 10) == 0, "it may be broken")
        ready.learn(from: [ended(204, after: .zero)], plain)
        #expect(ready.room(concurrency: 10, inFlight: 10) == 10)
        ready.learn(from: [ended(204, after: ReadyRequests.quickTime)], plain)
        #expect(ready.room(concurrency: 10, inFlight: 10) == 0, "it is slow")
    }

    @Test func leasesNothingAheadWhereALeaseIsMoreThanAPlace() throws {
        let rate = try #require(RateLimit("5/s"))
        let destinations = [
            Destination(name: "a", url: "http://localhost/", rateLimit: rate),
            Destination(name: "a", url: "http://localhost/", onUnknown: .hold),
            Destination(name: "a", url: "http://localhost/", skipStale: true),
            Destination(name: "a", url: "http://localhost/", ordering: .subject),
        ]
        for destination in destinations {
            var ready = ready()
            ready.learn(from: [ended(200, after: .zero)], destination)
            #expect(ready.room(concurrency: 10, inFlight: 10) == 0)
        }
    }

    @Test func takesInTheirOrder() {
        var ready = ready(3)
        let counts = [-1, 0, 2, .max, 1].map { ready.take($0).count }
        #expect(counts == [0, 0, 2, 1, 0])
    }
}
