import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Random operations, on the ledger and on a model of it.
@Suite struct ModelTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theLedgerDoesWhatTheModelDoes(seed: UInt64) async throws {
        try await Bench.with { bench async throws in
            var run = ModelRun(bench: bench, seed: seed)
            for step in 1...8000 {
                try await run.step()
                if step.isMultiple(of: 100) { try await run.check() }
            }
            try await run.deliverEverything()
            try await run.check()
            #expect(run.model.pending == 0, "nothing is lost")
            let seen = Set(run.counts.keys)
            #expect(seen == Set(ModelRun.Happening.allCases), "the seed must reach every case")
        }
    }
}
