import Curl
import Testing

@testable import Delivery

/// What the README says under "What happens to an attempt".
@Suite struct AttemptOutcomeTests {
    @Test(arguments: 100...599)
    func anAnswerIsJudgedByItsStatus(status: Int) {
        let outcome = AttemptOutcome(.success(HTTPResponse(status: status)), now: 0)
        switch status {
        case 200...299: #expect(outcome == .delivered(status: status))
        case 400, 410, 413, 422: #expect(outcome == .rejected(answer: "\(status)"))
        default: #expect(outcome == .failed(answer: "\(status)", retryAfter: nil))
        }
        #expect(outcome.answer == "\(status)")
    }

    @Test(arguments: [299, 199])
    func aBrokenBodyChangesNothing(status: Int) {
        let whole = AttemptOutcome(.success(HTTPResponse(status: status)), now: 0)
        #expect(AttemptOutcome(.success(HTTPResponse(status: status, isBodyComplete: false)), now: 0) == whole)
    }

    @Test(arguments: [302, 404, 408, 425, 429, 500, 503])
    func aWishForLaterIsNoted(status: Int) {
        let response = HTTPResponse(status: status, retryAfter: "30")
        #expect(
            AttemptOutcome(.success(response), now: 0) == .failed(answer: "\(status)", retryAfter: .seconds(30)))
    }

    static let codes: [TransferError.Code] = [
        .badURL, .badRequest, .resolve, .connect, .tls, .timeout, .sendFailed, .receiveFailed, .connectionDied,
        .invalidResponse, .tooLarge, .overloaded, .cancelled, .shutDown, .other(16),
    ]

    @Test(arguments: codes)
    func onceTheRequestWasSentTheOutcomeIsUnknown(code: TransferError.Code) {
        let error = TransferError(code: code, message: "host:1 said so", requestSent: true)
        #expect(AttemptOutcome(.failure(error), now: 0) == .unknown(answer: "\(code)"))
    }

    @Test(arguments: codes)
    func beforeTheRequestWasSentItFailed(code: TransferError.Code) {
        let outcome = AttemptOutcome(
            .failure(TransferError(code: code, message: "host:1 said so", requestSent: false)), now: 0)
        switch code {
        case .badURL, .badRequest: #expect(outcome == .unsendable(answer: "\(code)"))
        case .overloaded, .cancelled, .shutDown: #expect(outcome == .notMade(answer: "\(code)"))
        default: #expect(outcome == .failed(answer: "\(code)", retryAfter: nil))
        }
    }
}
