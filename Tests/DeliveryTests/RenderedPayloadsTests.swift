import Testing
import Webhooks

@testable import Delivery
@testable import EventLedger

@Suite struct RenderedPayloadsTests {
    private static let format = PayloadFormat.cloudeventsBinary

    private func delivery(_ id: String, receivedAt: Int64 = 1, length: Int = 10) -> LeasedDelivery {
        let body = #"{"type":"a.b","data":""# + String(repeating: "x", count: length) + #""}"#
        return LeasedDelivery(
            event: Event(
                source: "clerk", id: id, type: "a.b", subject: nil, time: 1, contentType: nil, signedTimestamp: 1,
                traceparent: nil, body: Array(body.utf8)),
            type: "a.b", subject: nil, attempt: 1, token: 1, isReplay: false, repeatsUnknown: false,
            receivedAt: receivedAt)
    }

    @Test(arguments: PayloadFormat.allCases)
    func givesWhatRenderingGives(format: PayloadFormat) throws {
        let payloads = RenderedPayloads()
        for _ in 0..<2 {
            let rendered = try payloads.payload(of: delivery("a"), as: format)
            let expected = try delivery("a").event.rendered(as: format)
            #expect(rendered.body == expected.body && rendered.contentType == expected.contentType)
            #expect(rendered.headers.map(\.value) == expected.headers.map(\.value))
        }
    }

    @Test func tellsEventsAndFormsApart() throws {
        let payloads = RenderedPayloads()
        let lengths = try [
            payloads.payload(of: delivery("a"), as: .cloudeventsBinary),
            payloads.payload(of: delivery("b", length: 20), as: .cloudeventsBinary),
            payloads.payload(of: delivery("a", receivedAt: 2, length: 30), as: .cloudeventsBinary),
            payloads.payload(of: delivery("a"), as: .cloudevents),
        ].map(\.body.count)
        #expect(Set(lengths).count == 4)
    }

    @Test func keepsNoMoreThanItsBoundsAllow() throws {
        let payloads = RenderedPayloads()
        for index in 0..<RenderedPayloads.maximumCount + 10 {
            _ = try payloads.payload(of: delivery("\(index)"), as: Self.format)
        }
        #expect(payloads.count == RenderedPayloads.maximumCount)
        _ = try payloads.payload(of: delivery("long", length: RenderedPayloads.maximumBytes), as: Self.format)
        #expect(payloads.count == 0)
    }

    @Test func staysCorrectWhenTheOldestLeave() throws {
        let payloads = RenderedPayloads()
        let length = RenderedPayloads.maximumBytes / 4
        for round in 0..<3 {
            for index in 0..<6 {
                let rendered = try payloads.payload(of: delivery("\(index)", length: length + index), as: Self.format)
                #expect(rendered.body.count == length + index + 2, "round \(round)")
            }
        }
        _ = try payloads.payload(of: delivery("long", length: 2 * RenderedPayloads.maximumBytes), as: Self.format)
        let last = try payloads.payload(of: delivery("a"), as: Self.format)
        #expect(last.body.count == 12)
    }
}
