import ArgumentParser
import Foundation
import GatewayConfiguration
import Webhooks

/// The options that say which gateway a command talks to.
struct AdminConnection: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The admin listener (default: $ONCEGATE_ADMIN_URL, else `admin.listen` of the configuration). Without "
                + "--config its token is then that of $ONCEGATE_ADMIN_TOKEN.",
            valueName: "url"))
    var admin: String?

    @OptionGroup var file: ConfigurationFile

    @Flag(help: "Print the API's answer as one JSON document.")
    var json = false

    /// Makes a client of what was said.
    func client() throws -> AdminClient {
        let environment = ProcessInfo.processInfo.environment
        let given = admin ?? environment["ONCEGATE_ADMIN_URL"].flatMap { $0.isEmpty ? nil : $0 }
        if let given, file.path == nil {
            let token = environment["ONCEGATE_ADMIN_TOKEN"].flatMap { $0.isEmpty ? nil : Secret($0) }
            return AdminClient(address: Self.trimmed(given), token: token)
        }
        let admin = try file.load().configuration.admin
        return AdminClient(
            address: try given.map(Self.trimmed) ?? Self.address(of: admin.listen), token: admin.token)
    }

    private static func trimmed(_ address: String) -> String {
        address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    /// The address at which a listener of this machine can be reached.
    static func address(of listen: ListenAddress) throws -> String {
        guard listen.port != 0 else {
            throw CommandError("`admin.listen` leaves the port open: name the listener with --admin")
        }
        var reachable = listen
        if listen.isWildcard { reachable.host = listen.host == "::" ? "::1" : "127.0.0.1" }
        return "http://\(reachable)"
    }
}
