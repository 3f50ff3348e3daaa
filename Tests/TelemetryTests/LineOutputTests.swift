import Foundation
import Testing

@testable import Telemetry

/// Lines that are gathered and written together.
@Suite struct LineOutputTests {
    /// Runs `body` with an output onto a file, while lines are gathered, and a look at what the file holds.
    private func gathering(
        _ body: (LineOutput, _ written: () throws -> String, _ end: () async -> Void) async throws -> Void
    ) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "oncegate-lines-\(UUID())")
        try #require(FileManager.default.createFile(atPath: file.path, contents: nil))
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        let output = LineOutput(descriptor: handle.fileDescriptor)
        let running = Task { await output.run() }
        defer { running.cancel() }
        let end = {
            running.cancel()
            await running.value
        }
        try await body(output, { try String(contentsOf: file, encoding: .utf8) }, end)
        await end()
        try handle.close()
    }

    private func eventually(_ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(15)
        while try !condition() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func isWrittenSoon() async throws {
        try await gathering { output, written, _ async throws in
            for round in 1...3 {
                output.write(Array("line \(round)\n".utf8), isUrgent: false)
                try await eventually { try written().hasSuffix("line \(round)\n") }
            }
        }
    }

    @Test func isWrittenAtOnceWhereUrgentWithAllThatCameBefore() async throws {
        try await gathering { output, written, _ async throws in
            output.write(Array("1\n".utf8), isUrgent: false)
            output.write(Array("2\n".utf8), isUrgent: false)
            output.write(Array("3\n".utf8), isUrgent: true)
            #expect(try written() == "1\n2\n3\n")
        }
    }

    @Test func isWrittenAtOnceWhereTooMuchIsGathered() async throws {
        try await gathering { output, written, _ async throws in
            let line = Array(String(repeating: "x", count: 999).utf8) + [UInt8(ascii: "\n")]
            let count = LineOutput.maximumGathered / line.count + 1
            for _ in 0..<count { output.write(line, isUrgent: false) }
            // At least the first ones: what came after them may wait for its moment.
            #expect(try written().utf8.count >= line.count)
            try await eventually { try written().utf8.count == count * line.count }
        }
    }

    @Test func isWrittenAtTheEndAndAtOnceAfterwards() async throws {
        try await gathering { output, written, end async throws in
            output.write(Array("before\n".utf8), isUrgent: false)
            await end()
            #expect(try written() == "before\n")
            output.write(Array("after\n".utf8), isUrgent: false)
            #expect(try written() == "before\nafter\n")
        }
    }
}
