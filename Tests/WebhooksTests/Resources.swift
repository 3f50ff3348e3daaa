import Foundation

/// The files that the tests read.
enum Resource {
    // Not `resourceURL`: Foundation takes a folder of this name for the place of the bundle's resources, or not,
    // depending on the platform.
    private static let folder = Bundle.module.bundleURL.appending(path: "Resources")

    /// The names of the files of a folder, in order; none where there is no such folder.
    static func names(in subfolder: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }

    /// The bytes of a file.
    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }
}
