import ArgumentParser
import Foundation
import FrontDoor
import GatewayConfiguration

/// The option that names the configuration file, and where it is looked for without it.
struct ConfigurationFile: ParsableArguments {
    /// Where the file is looked for last.
    static let systemPath = "/etc/oncegate/oncegate.yaml"

    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: ArgumentHelp(
            "The configuration file (default: $ONCEGATE_CONFIG, else ./oncegate.yaml, else \(Self.systemPath)).",
            valueName: "file"))
    var path: String?

    /// Reads and validates the file.
    /// - Throws: `GatewayConfiguration.Problems`, or an error of the file system with the path in it.
    func load() throws -> GatewayConfiguration.Loaded {
        let path = resolvedPath
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("cannot read the configuration file \(path); `oncegate init` writes a starter")
        }
        return try GatewayConfiguration.load(
            bytes: Array(data), file: path, environment: ProcessInfo.processInfo.environment,
            readFile: Self.secret, tlsComplaint: \.complaint
        ).get()
    }

    /// Reads a file that a configuration names; the error says why in a few words and holds nothing of the file.
    private static func secret(in path: String) throws -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch CocoaError.fileReadNoSuchFile {
            throw CommandError("there is no such file")
        } catch CocoaError.fileReadNoPermission {
            throw CommandError("permission denied")
        } catch {
            throw CommandError("the system refuses it")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw CommandError("it is not UTF-8 text") }
        return text
    }

    private var resolvedPath: String {
        if let path { return path }
        if let path = ProcessInfo.processInfo.environment["ONCEGATE_CONFIG"], !path.isEmpty { return path }
        return FileManager.default.fileExists(atPath: "./oncegate.yaml") ? "./oncegate.yaml" : Self.systemPath
    }
}

/// Why a command could not do what it was asked; it ends with exit code 1.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
