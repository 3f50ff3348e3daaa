/// A place that a dispatcher keeps for one delivery, for which the front door may have it leased as it claims the event.
///
/// Whoever takes one calls one of the others, once.
package protocol Opening: Sendable {
    /// How long the lease is to last.
    var leaseLength: Duration { get }

    /// Hands over the delivery that was leased.
    func fill(with delivery: LeasedDelivery)

    /// Gives the place back, for nothing was leased.
    func giveBack()

    /// Gives the place back where the reply got lost: whether the claim leased the delivery is not known, and the
    /// dispatcher has it handed back if so.
    func giveBack(unknown delivery: LeasedDelivery, of claim: ClaimMark)
}
