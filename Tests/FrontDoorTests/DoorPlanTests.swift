import GatewayConfiguration
import NIOCore
import Telemetry
import Testing

@testable import FrontDoor

@Suite struct DoorPlanTests {
    @Test(arguments: [
        ("/hook", true), ("/hook?", true), ("/hook?a=b&c=/x", true), ("/hook??", true), ("/", false), ("", false),
        ("?", false), ("/hook/", false), ("/hoo", false), ("/HOOK", false), ("/hook#a", false), ("/%68ook", false),
        ("//hook", false), ("http://localhost/hook", false), ("hook", false), ("/hook ?", false), ("*", false),
    ])
    func onlyThePathCounts(target: String, isFound: Bool) throws {
        let plan = try DoorPlan(TestDoor.configuration(), metrics: Metrics(version: "test"))
        #expect((plan.source(target: target)?.name == "clerk") == isFound)
    }

    @Test func takesItsLimitsFromTheConfiguration() throws {
        var configuration = try TestDoor.configuration(
            limits: .init(
                body: 2048, connections: 7, connectionsPerAddress: 3, requestTimeout: .milliseconds(1500),
                idleTimeout: .seconds(9)))
        configuration.idempotency.window = .seconds(3600)
        configuration.maxPending = 12
        let plan = try DoorPlan(configuration, metrics: Metrics(version: "test"))
        #expect(plan.maximumBody == 2048)
        #expect(plan.maximumConnections == 7)
        #expect(plan.connectionsPerAddress == 3)
        #expect(plan.idleTimeout == .seconds(9))
        #expect(plan.requestTimeout == .milliseconds(1500))
        #expect(plan.claimLimits.window == 3600)
        #expect(plan.claimLimits.maximumPending == 12)
    }
}
