import NIOCore
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct HandshakeTests {
    private func handshake(_ url: String, scripts: [RedisScript] = []) throws -> Handshake {
        try Handshake(endpoint: RedisEndpoint(url: url), scripts: scripts)
    }

    @Test func commands() throws {
        let script = RedisScript(name: "s", source: "return 1")
        let full = try handshake("redis://u:p@h/2", scripts: [script]).commands
        #expect(full.map(\.step) == [.authenticate, .selectDatabase, .setClientName, .loadScript(0), .ping])
        #expect(
            full.map(\.command) == [
                ["AUTH", "u", "p"], ["SELECT", 2], ["CLIENT", "SETNAME", "oncegate"],
                ["SCRIPT", "LOAD", "return 1"], ["PING"],
            ])
        #expect(try handshake("redis://:p@h").commands.first?.command == ["AUTH", "p"])
        #expect(try handshake("redis://h").commands.map(\.step) == [.setClientName, .ping])
    }

    enum Expectation {
        case proceeds, isReady, fails
    }

    @Test(arguments: [
        (Handshake.Step.authenticate, "WRONGPASS", Expectation.fails),
        (.authenticate, "ERR", .fails),
        (.selectDatabase, "ERR", .fails),
        (.setClientName, "ERR", .proceeds),
        (.setClientName, "NOAUTH", .fails),
        (.loadScript(0), "NOPERM", .proceeds),
        (.loadScript(0), "LOADING", .fails),
        (.ping, "LOADING", .fails),
        (.ping, "MASTERDOWN", .fails),
        (.ping, "MISCONF", .isReady),
        (.ping, "NOPERM", .isReady),
    ])
    func errors(step: Handshake.Step, prefix: String, expectation: Expectation) throws {
        var handshake = try handshake("redis://h", scripts: [RedisScript(name: "s", source: "")])
        let verdict = handshake.received(.error(RedisServerError(prefix: prefix, message: "m")), for: step)
        switch expectation {
        case .proceeds: #expect(verdict == .proceed)
        case .isReady: #expect(verdict == .ready)
        case .fails:
            guard case .failed(let error) = verdict else {
                Issue.record("expected a failure, not \(verdict)")
                return
            }
            #expect(error.code == .notConnected && error.message.contains(prefix))
        }
    }

    @Test func digests() throws {
        var handshake = try handshake("redis://h", scripts: [RedisScript(name: "s", source: "")])
        #expect(handshake.received(.bulk(ByteBuffer(string: "abc")), for: .loadScript(0)) == .proceed)
        #expect(handshake.digests == [.bytes(ByteBuffer(string: "abc"))])
        #expect(handshake.received(.status("PONG"), for: .ping) == .ready)
    }
}
