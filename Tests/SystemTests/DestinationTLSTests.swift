import Foundation
import NIOSSL
import Testing

@Suite("Destinations with TLS of their own")
struct DestinationTLSTests {
    @Test("A destination of a private authority gets events from who shows a certificate, and from nobody else")
    func mutual() async throws {
        try await Stage.with { stage in
            let authority = try await Authority("authority", folder: stage.folder)
            let stranger = try await Authority("stranger", folder: stage.folder)
            let own = try await authority.sign("gateway")
            let foreign = try await stranger.sign("gateway")
            let service = try stage.closedService()
            try await service.open(tls: authority.server(try await authority.sign("service")))
            let redis = try await stage.redis()
            func setup(_ tls: String) -> Setup {
                let url = "https://localhost:\(service.port)/events"
                return Setup(
                    redis: redis, destinations: [.init("email", url: url, tls.isEmpty ? "" : "tls: { \(tls) }")],
                    retry: "{ attempts: 100, first: 100ms, factor: 1, jitter: 0 }")
            }
            let ca = "ca: \"\(authority.certificate)\""
            func show(_ identity: Authority.Identity) -> String {
                "certificate: \"\(identity.certificate)\", key: \"\(identity.key)\""
            }
            let wrong = ["", ca, show(own), "\(ca), \(show(foreign))", "ca: \"\(stranger.certificate)\", \(show(own))"]
            let gateway = try await stage.gateway(setup(wrong[0]))
            try await gateway.accept(SignedEvent(id: "evt_1"))
            for settings in wrong {
                #expect(try await gateway.reload(stage.yaml(setup(settings))).message == "configuration reloaded")
                let failed = gateway.log.count { $0.message == "attempt failed, will be repeated" }
                try await eventually("another attempt fails") {
                    gateway.log.count { $0.message == "attempt failed, will be repeated" } > failed + 1
                }
                #expect(service.requests.isEmpty, "\(settings)")
            }
            _ = try await gateway.reload(stage.yaml(setup("\(ca), \(show(own)), insecure_skip_verify: never")))
            let request = try await service.waitForRequests(1)[0]
            #expect(request.id == "evt_1")
            try await gateway.accept(SignedEvent(id: "evt_2"))
            try await service.waitForRequests(2)
            let key = try String(contentsOfFile: own.key, encoding: .utf8).split(separator: "\n")[1]
            #expect(try await !gateway.wholeLog().contains(key))
        }
    }
}
