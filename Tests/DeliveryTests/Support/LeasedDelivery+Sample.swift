import Webhooks

@testable import EventLedger

extension LeasedDelivery {
    /// A delivery as a lease brings it.
    static func sample(event: Event, attempt: Int, isReplay: Bool = false) -> LeasedDelivery {
        LeasedDelivery(
            event: event, type: "user.deleted", subject: "user_1", attempt: attempt, token: attempt,
            isReplay: isReplay, repeatsUnknown: false, receivedAt: 0)
    }
}
