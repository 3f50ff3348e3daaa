import Redis
import TestSupport
import Testing

@testable import EventLedger

@Suite struct BacklogTests {
    @Test func countsWhatWaitsAndWhatIsDead() async throws {
        try await Bench.with { bench async throws in
            #expect(
                try await bench.ledger.backlog(destination: "email")
                    == Backlog(
                        pending: 0, deadLetters: 0, held: 0, oldestPending: .zero, isBreakerOpen: false,
                        isPaused: false))
            for id in ["a", "b", "c"] { _ = try await bench.claim(.sample(id)) }
            try await bench.finish(as: .dead)
            let head = try #require(try await bench.field("m", of: "c"))
            let received = try #require(Int(head.prefix(13)))
            try await bench.connection.command(
                "HSET", .string(Bench.eventKey("c")), "m", .string("\(received - 90_000)\(head.dropFirst(13))"))
            let backlog = try await bench.ledger.backlog(destination: "email")
            #expect(backlog.pending == 2)
            #expect(backlog.deadLetters == 1)
            #expect((.seconds(90)...(.seconds(120))).contains(backlog.oldestPending))
            #expect(try await bench.ledger.backlog(destination: "crm").pending == 0)
        }
    }

    @Test func bearsADeliveryWithoutItsEvent() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.delete(Bench.eventKey("msg_1"))
            #expect(
                try await bench.ledger.backlog(destination: "email")
                    == Backlog(
                        pending: 1, deadLetters: 0, held: 0, oldestPending: .zero, isBreakerOpen: false,
                        isPaused: false))
        }
    }
}
