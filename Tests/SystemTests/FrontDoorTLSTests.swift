import Foundation
import NIOSSL
import Testing

@Suite("The front door with TLS")
struct FrontDoorTLSTests {
    private static func tls(_ identity: Authority.Identity) -> String {
        "tls: { certificate: \"\(identity.certificate)\", key: \"\(identity.key)\" }"
    }

    /// Runs a body with a gateway whose certificate is signed by an authority.
    private func withGateway(
        extra: String = "", _ body: (Stage, GatewayProcess, Authority, Setup) async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let authority = try await Authority("authority", folder: stage.folder)
            let email = try await stage.service()
            var setup = Setup(redis: try await stage.redis(), destinations: [.init("email", email)])
            setup.extra = [Self.tls(try await authority.sign("door")), extra].joined(separator: "\n")
            try await body(stage, try await stage.gateway(setup), authority, setup)
        }
    }

    /// Posts an event, which must be accepted, on a connection of its own.
    private func accept(
        _ gateway: GatewayProcess, trusting authority: Authority, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let response = try await RawConnection.with(port: gateway.port, tls: authority.client()) {
            try await $0.exchange(SignedEvent().request())
        }
        #expect(response.status == 202, sourceLocation: sourceLocation)
    }

    @Test("Events come in over TLS 1.2 and 1.3, several on a connection, and refusals are read to the end")
    func requests() async throws {
        try await withGateway(extra: "limits: { body: 64KiB }") { _, gateway, authority, _ in
            for version in [TLSVersion.tlsv12, .tlsv13] {
                try await RawConnection.with(port: gateway.port, tls: authority.client(maximum: version)) {
                    connection in
                    for _ in 0..<3 { #expect(try await connection.exchange(SignedEvent().request()).status == 202) }
                    #expect(try await connection.exchange(RawRequest(method: "GET")).status == 405)
                    let long = RawRequest(body: Array(repeating: 0x20, count: 200_000))
                    #expect(try await connection.exchange(long).status == 413)
                    try await connection.waitUntilClosed()
                }
            }
            try await RawConnection.with(port: gateway.port, tls: authority.client()) { connection in
                await connection.send(Array("nonsense\r\n\r\n".utf8))
                #expect(try await connection.response().status == 400)
                try await connection.waitUntilClosed()
            }
        }
    }

    @Test("Old TLS, strangers' authorities and plain HTTP get nowhere, and are counted")
    func handshakes() async throws {
        try await withGateway { stage, gateway, authority, _ in
            let stranger = try await Authority("stranger", folder: stage.folder)
            for context in [try authority.client(maximum: .tlsv11), try stranger.client()] {
                try await RawConnection.with(port: gateway.port, tls: context) { connection in
                    await connection.send(try SignedEvent().request())
                    try await connection.waitUntilClosed()
                }
            }
            try await RawConnection.with(port: gateway.port) { connection in
                await connection.send(try SignedEvent().request())
                try await eventually("the end") {
                    _ = try? connection.nextResponse()
                    return connection.hasEnded
                }
            }
            try await gateway.waitForLog("refused") { $0["outcome"] == "tls_failed" && $0["client"] == "127.0.0.1" }
            let failed = try await gateway.metric(#"oncegate_events_total{source="",outcome="tls_failed"}"#)
            #expect(try #require(failed) >= 1)
        }
    }

    @Test("A handshake that stalls is ended when the time of a request is over", arguments: [0, 5, 20])
    func stall(bytes: Int) async throws {
        try await withGateway(extra: "limits: { request_timeout: 300ms }") { _, gateway, _, _ in
            try await RawConnection.with(port: gateway.port) { connection in
                let hello: [UInt8] = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] + Array(repeating: 7, count: 32)
                await connection.send(hello.prefix(bytes))
                try await eventually(within: .seconds(5), "the end") { connection.hasEnded }
            }
        }
    }

    @Test("SIGHUP puts another certificate into force for new connections; one that cannot be used is refused")
    func reload() async throws {
        try await withGateway { stage, gateway, authority, initial in
            let next = try await Authority("next", folder: stage.folder)
            let identity = try await next.sign("door")
            var setup = initial
            try await RawConnection.with(port: gateway.port, tls: authority.client()) { (old) async throws in
                #expect(try await old.exchange(SignedEvent().request()).status == 202)
                setup.extra = Self.tls(identity)
                #expect(try await gateway.reload(stage.yaml(setup)).message == "configuration reloaded")
                #expect(try await old.exchange(SignedEvent().request()).status == 202)
            }
            try await accept(gateway, trusting: next)
            let other = try await next.sign("other")
            let broken = Authority.Identity(certificate: identity.certificate, key: other.key)
            for (text, complaint) in [
                (Self.tls(broken), "do not belong together"),
                (Self.tls(.init(certificate: identity.key, key: identity.key)), "no certificate"),
                (Self.tls(.init(certificate: identity.certificate, key: "/nowhere")), "no such file"),
            ] {
                setup.extra = text
                let refusal = try await gateway.reload(stage.yaml(setup))
                #expect(refusal.message == "configuration refused")
                #expect(refusal["problem"]?.contains(complaint) == true, "\(refusal["problem"] ?? "")")
                #expect(refusal["problem"]?.contains(/gateway-0\.yaml:\d+:\d+:/) == true)
            }
            try await accept(gateway, trusting: next)
            // The files of the certificate in force may change in place, as those do that are renewed.
            setup.extra = Self.tls(identity)
            let renewed = try await authority.sign("renewed")
            for (from, to) in [(renewed.certificate, identity.certificate), (renewed.key, identity.key)] {
                try String(contentsOfFile: from, encoding: .utf8).write(toFile: to, atomically: true, encoding: .utf8)
            }
            #expect(try await gateway.reload(stage.yaml(setup)).message == "configuration reloaded")
            try await accept(gateway, trusting: authority)
            let key = try String(contentsOfFile: identity.key, encoding: .utf8).split(separator: "\n")[1]
            #expect(try await !gateway.wholeLog().contains(key))
        }
    }

    @Test("`check` names the line of a certificate that cannot be used")
    func check() async throws {
        try await Stage.with { stage in
            let authority = try await Authority("authority", folder: stage.folder)
            let (one, other) = try await (authority.sign("one"), authority.sign("other"))
            var setup = Setup(destinations: [.init("email", url: "https://localhost/", "tls: { ca: \"\(one.key)\" }")])
            setup.extra = Self.tls(.init(certificate: one.certificate, key: other.key))
            let file = try stage.file("broken.yaml", stage.yaml(setup))
            let (exit, _, errors) = try await stage.run("check", "--config", file)
            #expect(exit == .code(1))
            #expect(errors.contains(/broken\.yaml:4:\d+: `certificate` cannot be used: .*do not belong together/))
            #expect(errors.contains(/broken\.yaml:\d+:\d+: `ca` cannot be used: there is no certificate/))
        }
    }
}
