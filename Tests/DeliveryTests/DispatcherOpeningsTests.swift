import EventLedger
import Testing
import Webhooks

@testable import Delivery

@Suite struct DispatcherOpeningsTests {
    private static let terms = DispatcherOpenings.Terms(leaseLength: .seconds(20), generation: 3)
    private let openings = DispatcherOpenings()
    private let delivery = LeasedDelivery.sample(
        event: Event(
            source: "clerk", id: "msg_1", type: "user.created", subject: nil, time: 0, contentType: nil,
            signedTimestamp: 0, traceparent: nil, body: []), attempt: 1)

    @Test func thereIsNoneUntilSomeAreOffered() {
        #expect(openings.take() == nil)
        openings.offer(places: 0, Self.terms)
        #expect(openings.take() == nil)
        openings.offer(places: -1, Self.terms)
        #expect(openings.take() == nil)
    }

    @Test func asManyAsOfferedAreTakenUnderTheTermsOfTheOffer() throws {
        openings.offer(places: 2, Self.terms)
        let first = try #require(openings.take())
        #expect(first.terms == Self.terms && first.from <= .now)
        #expect(openings.take() != nil)
        #expect(openings.take() == nil && openings.taken == 2 && openings.offered == 2)
    }

    @Test func thoseThatAreTakenCountInTheNextOffer() {
        openings.offer(places: 3, Self.terms)
        #expect(openings.take() != nil && openings.take() != nil)
        openings.offer(places: 3, Self.terms)
        #expect(openings.take() != nil)
        #expect(openings.take() == nil)
    }

    @Test func whatIsGivenBackIsOpenAgain() throws {
        openings.offer(places: 1, Self.terms)
        let taken = try #require(openings.take())
        #expect(openings.reopen(taken) == .never, "the dispatcher need not know")
        #expect(openings.taken == 0)
        #expect(openings.take() != nil)
    }

    @Test func whatWasWithdrawnMeanwhileOpensNothing() throws {
        openings.offer(places: 2, Self.terms)
        let taken = try #require(openings.take())
        openings.withdraw()
        #expect(openings.take() == nil)
        #expect(openings.reopen(taken) == .afterTurn, "the dispatcher may wait for it")
        #expect(openings.taken == 0 && openings.take() == nil)
        openings.offer(places: 1, Self.terms)
        #expect(openings.take() != nil)
        #expect(openings.take() == nil)
    }

    @Test func theDispatcherIsToldOnceUntilItCollects() {
        openings.offer(places: 3, Self.terms)
        #expect(openings.take() != nil && openings.take() != nil && openings.take() != nil)
        #expect(openings.add(.unknown(delivery, .next())) == .afterTurn, "there may be word of the others, too")
        #expect(openings.add(.leased(delivery, sendBy: .now, generation: 3)) == .never)
        #expect(openings.taken == 3, "until it is collected")
        #expect(openings.collect().count == 2)
        #expect(openings.taken == 1 && openings.collect().isEmpty)
        #expect(openings.add(.unknown(delivery, .next())) == .atOnce, "it is the only one")
    }
}
