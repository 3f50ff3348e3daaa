import Curl
import EventLedger
import GatewayConfiguration
import NIOCore
import Webhooks

/// Sends what is leased, and takes in what became of it.
extension Dispatcher {
    /// Renders what was leased, for the configuration it was leased for.
    func prepare(
        _ deliveries: some Collection<LeasedDelivery>, for destination: Destination, sendBy: ContinuousClock.Instant
    ) {
        let now = environment.clock()
        for delivery in deliveries {
            do throws(InvalidPayload) {
                let payload = try environment.payloads.value.payload(of: delivery, as: destination.payload)
                ready.append(
                    try HTTPRequest(
                        attempt: delivery, to: destination, payload: payload, now: now, sendBy: sendBy),
                    for: delivery)
            } catch {
                giveUp(delivery, "\(error)")
            }
        }
    }

    /// Ends an attempt of which no request can be made.
    func giveUp(_ delivery: LeasedDelivery, _ reason: String) {
        let unsendable = TransferError(code: .badRequest, message: reason, requestSent: false)
        ended.append(EndedAttempt(delivery: delivery, result: .failure(unsendable)))
        wake()
    }

    /// Sends what is ready, as far as there may be more requests under way.
    ///
    /// An answer that Redis does not have yet keeps its place: after a crash nobody knows of it, and no more than
    /// `concurrency` deliveries are sent again.
    func sendReady() {
        let requests = ready.take(destination.concurrency - inFlight.count - ended.count)
        guard !requests.isEmpty else { return }
        environment.http.submit(
            requests.map { Transfer(token: takeToken(for: $0.delivery), request: $0.request) })
    }

    /// Lets others have what is ready and was not sent.
    func handBack() {
        handBack(ready.take(.max).map(\.delivery))
    }

    /// Lets others have what was leased and is not sent.
    /// - Parameter claim: the claim that leased them, where it is not known whether it did.
    func handBack(_ unsent: [LeasedDelivery], leasedPerhapsBy claim: ClaimMark? = nil) {
        guard !unsent.isEmpty else { return }
        let reason = TransferError(code: .cancelled, message: "handed back before it was sent", requestSent: false)
        ended += unsent.map {
            EndedAttempt(delivery: $0, result: .failure(reason), doubtfulClaim: claim)
        }
        wake()
    }

    func takeToken(for delivery: LeasedDelivery) -> UInt64 {
        let token = UInt64(number) << 32 | nextToken
        nextToken = (nextToken + 1) & UInt64(UInt32.max)
        inFlight[token] = delivery
        return token
    }

    /// Takes in completions of its own transfers, from any thread.
    nonisolated func transfersEnded(_ completions: [Completion]) {
        environment.eventLoop.execute {
            self.assumeIsolated { $0.take(completions) }
        }
    }

    func take(_ completions: [Completion]) {
        let first = ended.count
        for completion in completions {
            guard let delivery = inFlight.removeValue(forKey: completion.token) else { continue }
            ended.append(EndedAttempt(delivery: delivery, result: completion.result))
        }
        ready.learn(from: ended[first...], destination)
        wake()
    }
}
